import type { JobRunner, RunHandle, RunReference } from '@agent-jobs/k8s-job-runner'

/** Attaches to a run only to look at it: nothing in the cluster changes, whatever the run's end. */
export function observeRun(runner: JobRunner, run: RunReference, signal?: AbortSignal): Promise<RunHandle> {
  return runner.attach(run, { observe: true, ...(signal === undefined ? {} : { signal }) })
}
