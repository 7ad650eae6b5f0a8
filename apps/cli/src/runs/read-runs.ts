import { label } from '@agent-jobs/k8s-job-runner'
import { KubeError, kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { CliError } from '../errors/cli-error.ts'
import { viewRun, type RunView } from './run-view.ts'

/** Selects what agent-jobs created. */
export const managed = `${label.managed}=true`

/** A run with the objects that it was read from. */
export interface FoundRun {
  readonly view: RunView
  readonly job: V1Job
  readonly pod: V1Pod | undefined
}

/** Which runs: of one namespace or of all, and with which labels. */
export interface RunSelection {
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined
  readonly selector?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** All runs, newest first: two requests for any number of runs. */
export async function readRuns(client: KubeClient, { namespace, selector, signal }: RunSelection): Promise<FoundRun[]> {
  const labelSelector = selector === undefined ? managed : `${managed},${selector}`
  const where = { namespace, signal }
  try {
    const [jobs, pods] = await Promise.all([
      client.list(kinds.Job, { ...where, labelSelector }),
      client.list(kinds.Pod, { ...where, labelSelector: managed }),
    ])
    return joinRuns(jobs.items, pods.items, Date.now())
  } catch (cause) {
    if (!(selector !== undefined && KubeError.isInstance(cause) && cause.code === 'bad_request')) throw cause
    throw new CliError('usage', `The API server refuses the labels ${selector}: ${cause.message}`, { cause })
  }
}

/** Jobs with their pods, newest first. Pure. */
export function joinRuns(jobs: readonly V1Job[], pods: readonly V1Pod[], now: number): FoundRun[] {
  const newest = new Map<string, V1Pod>()
  for (const pod of pods) {
    const owner = pod.metadata?.ownerReferences?.find((each) => each.kind === 'Job')?.uid
    if (owner === undefined) continue
    const other = newest.get(owner)
    if (other === undefined || createdAt(pod) >= createdAt(other)) newest.set(owner, pod)
  }
  return jobs
    .map((job) => {
      const pod = newest.get(job.metadata?.uid ?? '')
      return { job, pod, view: viewRun(job, pod, now) }
    })
    .sort((a, b) => createdAt(b.job) - createdAt(a.job) || (a.view.job < b.view.job ? 1 : -1))
}

function createdAt({ metadata }: V1Job | V1Pod): number {
  return new Date(metadata?.creationTimestamp ?? 0).getTime()
}
