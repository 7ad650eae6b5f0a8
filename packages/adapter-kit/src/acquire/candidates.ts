import { errorMessage } from '@agent-jobs/primitives'
import { annotation } from '@agent-jobs/k8s-job-runner'
import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { CandidateJob, CandidateState, Relation } from '@agent-jobs/orphan-classifier'
import type { V1Job } from '@kubernetes/client-node'
import { AdapterError } from '../adapter-error.ts'
import { traceAnnotation } from '../pod/labels.ts'

/** A Job of the agent with what the flow needs to know about it. */
export interface AgentJob extends CandidateJob {
  /** The run that made it. */
  readonly runId: string | null
  /** False for Jobs that this project cannot follow. */
  readonly ours: boolean
  /** The lock that it holds; null for Jobs of earlier adapters, which have none. */
  readonly key: string | null
  /** What continues the trace of that run, as text; absent when it was not traced. */
  readonly traceRecord?: string | undefined
}

function isTrue(job: V1Job, ...types: string[]): boolean {
  return job.status?.conditions?.some(({ type, status }) => types.includes(type) && status === 'True') ?? false
}

function stateOf(job: V1Job): CandidateState {
  if (job.metadata?.deletionTimestamp !== undefined) return 'deleting'
  if (isTrue(job, 'Complete', 'SuccessCriteriaMet')) return 'succeeded'
  if (isTrue(job, 'Failed', 'FailureTarget')) return 'failed'
  return job.spec?.suspend === true ? 'queued' : 'active'
}

/** Reads a Job by its labels. Jobs of earlier adapters have the same labels, but nothing to follow them by. */
export function agentJob(job: V1Job): AgentJob {
  const { name = '', uid = '', labels = {}, annotations = {}, creationTimestamp } = job.metadata ?? {}
  const mode = labels['paperclip.io/isolation-mode']
  const isolated = mode !== undefined && mode !== 'shared'
  const ours = annotations[annotation.follow] !== undefined
  return {
    name,
    uid,
    state: stateOf(job),
    createdAt: creationTimestamp ? new Date(creationTimestamp).getTime() : null,
    runId: annotations['paperclip.io/run-id'] ?? labels['paperclip.io/run-id'] ?? null,
    taskId: ours ? (labels['paperclip.io/task-id'] ?? null) : null,
    sessionId: labels['paperclip.io/session-id'] ?? null,
    isolationKey: isolated ? (labels['paperclip.io/isolation-key-hash'] ?? null) : null,
    ours,
    key: annotations[annotation.key] ?? null,
    traceRecord: annotations[traceAnnotation],
  }
}

/** Lists the agent's Jobs. Fails closed: a run that cannot list them does not start. */
export async function listAgentJobs(
  client: KubeClient,
  place: { namespace: string; labelSelector: string; signal: AbortSignal },
): Promise<AgentJob[]> {
  try {
    const { items } = await client.list(kinds.Job, place)
    return items.map(agentJob)
  } catch (error) {
    place.signal.throwIfAborted()
    throw new AdapterError(
      'k8s_concurrency_guard_unreachable',
      `Concurrency guard unreachable: ${errorMessage(error)} The Jobs of this agent in namespace ${place.namespace} cannot be listed, so it is not known whether one is still at work. Grant "list" on jobs there.`,
      { cause: error, retryable: true },
    )
  }
}

/** Why a run is refused, in terms that users know. */
export function blockedError(relation: Relation, jobs: readonly AgentJob[]): AdapterError {
  const names = jobs.map(({ name }) => name).join(', ')
  const first = jobs[0]?.name ?? names
  const hint = `Wait until it ends, delete the Job, or set "waitForConcurrent".`
  switch (relation) {
    case 'task_unknown':
      return new AdapterError(
        'k8s_orphan_task_unknown',
        `Concurrent run blocked: orphaned Job ${first} has unknown task context. ${hint}`,
        { retryable: true },
      )
    case 'session_mismatch':
      return new AdapterError(
        'k8s_orphan_session_mismatch',
        `Concurrent run blocked: orphaned Job ${first} has a mismatched session. ${hint}`,
        { retryable: true },
      )
    case 'reattach_off':
      return new AdapterError(
        'k8s_concurrent_run_blocked',
        `Concurrent run blocked: orphaned Job(s) still running for this agent (reattach disabled): ${names}. ${hint}`,
        { retryable: true },
      )
    case 'task_mismatch':
      return new AdapterError(
        'k8s_concurrent_run_blocked',
        `Concurrent run blocked: orphaned Job ${first} is running a different task. ${hint}`,
        { retryable: true },
      )
    default:
      return new AdapterError(
        'k8s_concurrent_run_blocked',
        `Concurrent run blocked: Job ${names} is still running for this agent. ${hint}`,
        { retryable: true },
      )
  }
}
