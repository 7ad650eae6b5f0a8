import { isNotFound, kinds } from '@agent-jobs/kube-api'
import type { Job, Secret } from './kubernetes.ts'
import { annotation, label } from './labels.ts'
import { hasNothingRunning, isJobFinished } from './read-pod.ts'
import type { LockHolder } from './run-error.ts'
import type { RunnerContext } from './runner-context.ts'

/** State of the run that holds a lock. */
export type HolderState =
  /** It runs, or may be running. */
  | 'busy'
  /** It has ended, and its pod is being removed. */
  | 'ending'
  /** Nothing of it can be running. */
  | 'dead'
  /** Its Job was never created, or not yet. */
  | 'abandoned'

/** The owner of a lock and its state. */
export interface HolderReport {
  state: HolderState
  holder: LockHolder
}

async function readJob({ client, namespace }: RunnerContext, name: string, signal?: AbortSignal): Promise<Job | null> {
  try {
    return await client.get(kinds.Job, { name, namespace, signal })
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}

/** Checks the Job and the pods of a lock's holder. The pods decide: a Job can be gone while its pod still runs. */
export async function inspectHolder(
  context: RunnerContext,
  secret: Secret,
  signal?: AbortSignal,
): Promise<HolderReport> {
  const { client, namespace } = context
  const { labels = {}, annotations = {}, ownerReferences = [] } = secret.metadata ?? {}
  const jobName = annotations[annotation.job]
  const runHash = labels[label.runHash]
  const found = jobName === undefined ? null : await readJob(context, jobName, signal)
  const job = found?.metadata?.labels?.[label.runHash] === runHash ? found : null
  const { items: pods } = await client.list(kinds.Pod, {
    namespace,
    labelSelector: `${label.managed}=true,${label.runHash}=${runHash}`,
    signal,
  })
  const live = pods.filter((pod) => !hasNothingRunning(pod))
  const over = job === null ? ownerReferences.length > 0 : isJobFinished(job) || job.metadata?.deletionTimestamp
  const report = (state: HolderState, words: string): HolderReport => ({
    state,
    holder: { runId: annotations[annotation.runId], job: jobName, uid: job?.metadata?.uid, state: words },
  })
  if (live.length > 0) {
    const leaving = live.every((pod) => pod.metadata?.deletionTimestamp !== undefined)
    const names = live.map((pod) => pod.metadata?.name).join(', ')
    return leaving || over
      ? report('ending', `pod ${names} is on its way out`)
      : report('busy', `pod ${names} is ${live[0]?.status?.phase ?? 'there'}`)
  }
  if (over || pods.length > 0) return report('dead', 'it has ended')
  if (job === null) return report('abandoned', 'its Job does not exist yet')
  const { active = 0, failed = 0, succeeded = 0 } = job.status ?? {}
  // Its pod is gone and will not be replaced; the Job reports that within a second.
  if (active + failed + succeeded > 0) return report('ending', 'its pod is gone')
  return report('busy', 'its Job has no pod yet')
}
