import { kinds } from '@agent-jobs/kube-api'
import { createLatch, firstOf, openAbortScope } from '@agent-jobs/primitives'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import type { LastingProgress } from '../host/lasting-progress.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { agentJob, type AgentJob } from './candidates.ts'
import type { AcquisitionDecision } from './decide-acquisition.ts'

// A Job that is being deleted is gone within its grace period; no run should be refused because of it.
const leavingMs = 120_000
const unlimitedWaitMs = 24 * 3_600_000
// Paperclip marks a run as suspicious after an hour of silence.
const keepaliveMs = 10 * 60_000

/** One run's turn for the lock of its agent. Disposing it leaves the queue. */
export interface Turn extends AsyncDisposable {
  /** Whether the run must wait, for a Job or for the runs that came first. */
  mustWait(decision: AcquisitionDecision): boolean
  /** Waits, within bounds, and returns the decision that ended the wait, or the first one after the time limit. */
  wait(first: AcquisitionDecision): Promise<AcquisitionDecision>
}

/** Options for waiting for a turn. */
export interface TurnInput {
  deps: AdapterDependencies
  plan: RunPlan
  status: Pick<LastingProgress, 'show'>
  say: (stream: 'stdout' | 'stderr', text: string) => Promise<void>
  place: { namespace: string; labelSelector: string }
  decide: (jobs: readonly AgentJob[]) => AcquisitionDecision
  signal: AbortSignal
}

/**
 * Queues a run for its agent's lock. The runs of one server start in order of arrival; a waiting run follows
 * the agent's Jobs by one watch and makes no requests of its own.
 */
export function waitForTurn({ deps, plan, status, say, place, decide, signal }: TurnInput): Turn {
  const { clock } = deps
  const { settings } = plan
  let moved = createLatch()
  const wake = (): void => {
    const waiting = moved
    moved = createLatch()
    waiting.open()
  }
  const queued = settings.waitForConcurrent ? deps.state.queue.join(plan.key, wake) : null
  const ahead = (): number => queued?.ahead ?? 0
  const mustWait = (decision: AcquisitionDecision): boolean =>
    decision.kind === 'wait' || (decision.kind === 'start' && ahead() > 0)

  const longestMs = (first: AcquisitionDecision): number => {
    if (first.kind === 'wait' && first.jobs.every(({ state }) => state === 'deleting')) return leavingMs
    if (settings.timeoutSec === 0) return unlimitedWaitMs
    return (settings.timeoutSec + settings.graceSec + 120) * 1000 * (ahead() + 1)
  }
  let said = ''
  const tell = async (decision: AcquisitionDecision): Promise<void> => {
    const why = reasonOf(decision, ahead())
    if (why === said) return
    said = why
    status.show(statusOf(decision, ahead()))
    await say('stdout', `[paperclip] ${why}`)
  }
  return {
    mustWait,
    async wait(first) {
      const scope = openAbortScope(signal)
      const jobs = watchJobs(plan, place, { signal: scope.signal, onChange: wake })
      const until = clock.now() + longestMs(first)
      let decision = first
      try {
        while (mustWait(decision)) {
          const left = until - clock.now()
          if (left <= 0) return decision
          await tell(decision)
          const next = moved
          const isMoved = await firstOf(
            [
              (s) => next.wait(s).then(() => true),
              (s) => clock.sleep(Math.min(left, keepaliveMs), s).then(() => false),
            ],
            signal,
          )
          if (!isMoved) await say('stdout', `[paperclip] keepalive — ${said}`)
          jobs.throwIfFailed()
          if (jobs.synced()) decision = decide(jobs.all())
        }
        await say('stdout', '[paperclip] Concurrent Job(s) done — going on')
        return decision
      } finally {
        scope.abort()
        await jobs.ended
      }
    },
    async [Symbol.asyncDispose]() {
      queued?.leave()
    },
  }
}

/** Short, and with the position first: Paperclip cuts long texts. */
function statusOf(decision: AcquisitionDecision, ahead: number): string {
  const position = `Position ${ahead + 1} in the queue of this agent`
  if (decision.kind !== 'wait') return `${position}: waiting for ${ahead} run(s) that came first`
  const names = decision.jobs.map(({ name, runId }) => (runId === null ? `Job ${name}` : `run ${runId} (Job ${name})`))
  return `${position}: waiting for ${names.join(', ')}`
}

function reasonOf(decision: AcquisitionDecision, ahead: number): string {
  const position = `position ${ahead + 1} in the queue of this agent`
  if (decision.kind !== 'wait') return `Waiting for ${ahead} run(s) that came first: ${position}`
  const names = decision.jobs.map(({ name, runId }) => (runId === null ? name : `${name} (run ${runId})`)).join(', ')
  return `Waiting for concurrent Job(s) to finish before starting: ${names}; ${position}`
}

/** Keeps the agent's Jobs as a watch shows them. */
function watchJobs(
  { cluster }: RunPlan,
  place: { namespace: string; labelSelector: string },
  { signal, onChange }: { signal: AbortSignal; onChange: () => void },
) {
  const jobs = new Map<string, AgentJob>()
  let synced = false
  let failure: { error: unknown } | null = null
  const read = async (): Promise<void> => {
    try {
      for await (const event of cluster.client.listWatch(kinds.Job, { ...place, signal })) {
        if (event.type === 'synced') synced = true
        else {
          const job = agentJob(event.object)
          if (event.type === 'deleted') jobs.delete(job.uid)
          else jobs.set(job.uid, job)
        }
        if (synced) onChange()
      }
    } catch (error) {
      if (signal.aborted) return
      failure = { error }
      onChange()
    }
  }
  return {
    ended: read(),
    synced: () => synced,
    all: () => [...jobs.values()],
    throwIfFailed(): void {
      if (failure !== null) throw failure.error
    },
  }
}
