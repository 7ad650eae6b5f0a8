import { kinds } from '@agent-jobs/kube-api'
import { instant, type Job } from './kubernetes.ts'
import { annotation, managedSelector } from './labels.ts'
import { jobCondition } from './read-pod.ts'
import type { RunnerContext } from './runner-context.ts'

/** Summary of a run, read from its Job. */
export interface RunSummary {
  job: string
  uid: string
  key: string
  runId: string
  state: 'queued' | 'active' | 'succeeded' | 'failed' | 'deleting'
  createdAt: number | undefined
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
}

function stateOf(job: Job): RunSummary['state'] {
  if (job.metadata?.deletionTimestamp !== undefined) return 'deleting'
  if (jobCondition(job, 'Complete') !== undefined) return 'succeeded'
  if (jobCondition(job, 'Failed') !== undefined) return 'failed'
  return job.spec?.suspend === true ? 'queued' : 'active'
}

/** Summarises a Job. */
function summarize(job: Job): RunSummary {
  const { name = '', uid = '', labels = {}, annotations = {}, creationTimestamp } = job.metadata ?? {}
  return {
    job: name,
    uid,
    key: annotations[annotation.key] ?? '',
    runId: annotations[annotation.runId] ?? '',
    state: stateOf(job),
    createdAt: instant(creationTimestamp),
    labels,
    annotations,
  }
}

/** All existing runs, newest first. */
export async function listRuns(
  { client, namespace }: RunnerContext,
  { labelSelector, signal }: { labelSelector?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<RunSummary[]> {
  const selector = labelSelector === undefined ? managedSelector : `${managedSelector},${labelSelector}`
  const { items } = await client.list(kinds.Job, { namespace, labelSelector: selector, signal })
  return items.map(summarize).sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0) || (a.job < b.job ? 1 : -1))
}
