import { followAgent, judgeRun, phaseTimes, type Agent } from '@agent-jobs/agent-run'
import { RunError, type JobRunner, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { ObservedEnd, RunObservation, RunObserver } from '@agent-jobs/metrics'
import { errorMessage } from '@agent-jobs/primitives'
import type { V1Job } from '@kubernetes/client-node'
import { agentOfJob } from '../agents/job-agent.ts'
import { managed } from '../runs/read-runs.ts'

/** What counting runs needs. */
export interface CountRunsOptions {
  readonly client: KubeClient
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined
  /** The runner of a namespace. */
  readonly runner: (namespace: string) => JobRunner
  readonly metrics: RunObserver
  readonly agentNamed: (name: string) => Agent
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onError: (message: string) => void
  readonly signal: AbortSignal
}

// A server with the adapters counts its own runs.
const withoutPaperclip = `${managed},!paperclip.io/adapter-type`

/**
 * Follows every run that agent-jobs starts without Paperclip and counts it at its end, until the signal is aborted. It only reads: each
 * run costs one more reader of its log. Runs that ended and were removed before are not counted.
 */
export async function countRuns(options: CountRunsOptions): Promise<void> {
  const { client, namespace, signal, onError } = options
  const taken = new Set<string>()
  const following = new Set<Promise<void>>()
  const take = (job: V1Job, isFresh: boolean): void => {
    const uid = job.metadata?.uid ?? ''
    if (taken.has(uid)) return
    taken.add(uid)
    const follow = async (): Promise<void> => {
      try {
        await countRun(job, isFresh, options)
      } catch (error) {
        onError(errorMessage(error))
        // The next change of the Job is another chance.
        taken.delete(uid)
      }
    }
    const followed = follow().finally(() => following.delete(followed))
    following.add(followed)
  }
  let isListed = false
  try {
    for await (const event of client.listWatch(kinds.Job, { namespace, labelSelector: withoutPaperclip, signal })) {
      if (event.type === 'synced') isListed = true
      else if (event.type === 'deleted') taken.delete(event.object.metadata?.uid ?? '')
      else take(event.object, isListed)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await Promise.all(following)
  }
}

async function countRun(job: V1Job, isFresh: boolean, options: CountRunsOptions): Promise<void> {
  const { metrics, signal } = options
  const { name = '', namespace = '', uid = '', labels = {} } = job.metadata ?? {}
  const agent = options.agentNamed(agentOfJob({ labels }) ?? 'claude')
  let handle: RunHandle
  try {
    handle = await options.runner(namespace).attach({ job: name, uid }, { observe: true, signal })
  } catch (error) {
    // It ended and was removed in between, or this command ends.
    if (signal.aborted || (RunError.isInstance(error) && error.code === 'job_not_found')) return
    throw error
  }
  const leave = (): void => void handle.detach()
  signal.addEventListener('abort', leave, { once: true })
  const observation = metrics.begin({ adapter: agent.name, agentId: agent.name, companyId: namespace })
  try {
    const end = await followToEnd(handle, agent, { isFresh, observation, now: options.now })
    if (end !== null) await observation.ended(end)
  } finally {
    signal.removeEventListener('abort', leave)
    observation.left()
  }
}

async function followToEnd(
  handle: RunHandle,
  agent: Agent,
  { isFresh, observation, now }: { isFresh: boolean; observation: RunObservation; now: () => number },
): Promise<ObservedEnd | null> {
  const followed = await followAgent({
    handle,
    parser: agent.createParser(),
    now,
    onEvent(event) {
      if (event.type === 'gap') observation.gap(event.reason)
    },
  })
  if (followed.kind === 'detached') return null
  const { outcome, summary, output } = followed
  const judged = judgeRun({ ...followed, title: agent.title })
  // Of a run that had begun before, the times are not known.
  const phases = isFresh ? phaseTimes(handle.timings) : []
  return {
    id: handle.job.uid,
    outcome: outcome.code,
    errorCode: judged.kind === 'failed' ? judged.code : null,
    model: summary.model,
    usage: summary.usage,
    costUsd: summary.costUsd,
    adopted: false,
    outputComplete: output.verdict === 'unverified' ? null : output.verdict === 'complete',
    phases: Object.fromEntries(phases.map(({ phase, fromMs, toMs }) => [phase, toMs - fromMs])),
  }
}
