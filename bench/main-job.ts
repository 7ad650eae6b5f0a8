// `pnpm bench main-job`: the whole run of the main job against the bare floor, on the cluster of KUBECONFIG.
import { figure, type Bench } from './figure.ts'
import { openMainJobPlace } from './main-job/main-job-place.ts'
import { measureMainJob } from './main-job/measure-main-job.ts'

export const bench: Bench = async (log) => {
  if (!process.env['KUBECONFIG']) throw new Error('Set KUBECONFIG to a real cluster whose pods reach this machine.')
  await using place = await openMainJobPlace('bench-main-job')
  const { bareMs, runMs, runWithVolumeMs } = await measureMainJob(place, 7, log)
  return [
    figure('bare floor, median', bareMs, 'ms'),
    figure('agent-jobs run, median', runMs, 'ms'),
    figure('agent-jobs run with a volume, median', runWithVolumeMs, 'ms'),
    figure('run / floor', runMs / bareMs, '', { target: 0.6 }),
    figure('run with a volume / floor', runWithVolumeMs / bareMs, '', { target: 0.75 }),
  ]
}
