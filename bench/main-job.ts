// `pnpm bench main-job`: the whole run of the main job against the bare floor, on the cluster of KUBECONFIG.
import { figure, type Bench } from './figure.ts'
import { openMainJobPlace } from './main-job/main-job-place.ts'
import { measureMainJob } from './main-job/measure-main-job.ts'

export const bench: Bench = async (log) => {
  if (!process.env['KUBECONFIG']) throw new Error('Set KUBECONFIG to a real cluster whose pods reach this machine.')
  await using place = await openMainJobPlace('bench-main-job')
  const { bare, run, runWithVolume } = await measureMainJob(place, 7, log)
  return [
    figure('bare floor, median', bare.median, 'ms'),
    figure('agent-jobs run, median', run.median, 'ms'),
    figure('agent-jobs run with a volume, median', runWithVolume.median, 'ms'),
    figure('run / floor, medians', run.median / bare.median, '', { target: 0.6 }),
    figure('run with a volume / floor, medians', runWithVolume.median / bare.median, '', { target: 0.75 }),
    figure('run / floor, best of each', run.best / bare.best, ''),
    figure('run with a volume / floor, best of each', runWithVolume.best / bare.best, ''),
  ]
}
