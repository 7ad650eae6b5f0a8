import { createManualClock } from '@agent-jobs/primitives'
import { createJobRunner, label, type JobRunnerOptions, type RunHandle, type RunRequest } from '../../src/index.ts'
import type { ScriptedCluster } from './scripted-cluster.ts'
import { frames } from './world.ts'

/** Starts a run on a scripted cluster, by a clock that only the test advances. */
export async function startOn(
  cluster: ScriptedCluster,
  options: Partial<JobRunnerOptions> = {},
  request: Partial<RunRequest> = {},
) {
  const clock = createManualClock()
  const warnings: string[] = []
  const runner = createJobRunner({
    client: cluster.client,
    namespace: 'default',
    clock,
    random: () => 0.5,
    onWarning: ({ code }) => warnings.push(code),
    ...options,
  })
  return { runner, clock, warnings, run: await runner.start(frames(['x'], request)) }
}

/** A pod of a run, with any status. */
export function podOf(run: RunHandle, status: unknown, fields: object = {}): object {
  return {
    metadata: {
      name: `${run.job.name}-pod`,
      uid: `${run.job.uid}-pod`,
      labels: { [label.managed]: 'true', 'batch.kubernetes.io/controller-uid': run.job.uid },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'Job', name: run.job.name, uid: run.job.uid, controller: true },
      ],
      ...fields,
    },
    spec: { nodeName: 'n', restartPolicy: 'Never', containers: [{ name: 'main' }] },
    status,
  }
}

/** The status of a pod whose command runs. */
export const running = { phase: 'Running', containerStatuses: [{ name: 'main', state: { running: {} } }] }
/** The status of a pod whose command has ended. */
export const exited = (exitCode: unknown) => ({
  phase: 'Failed',
  containerStatuses: [{ name: 'main', state: { terminated: { exitCode, reason: 'Error' } } }],
})
