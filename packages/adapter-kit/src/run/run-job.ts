import type { AgentSummary, FollowedAgent } from '@agent-jobs/agent-run'
import { RunError, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { showsRawLines } from '../follow/paperclip-version.ts'
import { readableRelay } from '../follow/shown-output.ts'
import { loadPolicy } from '../policy/operator-policy.ts'
import { createRedactor, errorMessage } from '@agent-jobs/primitives'
import type { AdapterExecutionContext, AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import type { AcquiredJob } from '../acquire/acquired-job.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { followRun } from '../follow/follow-run.ts'
import { logRelay } from '../follow/log-relay.ts'
import { runEvents } from '../follow/run-events.ts'
import type { LastingProgress } from '../host/lasting-progress.ts'
import type { PaperclipHost } from '../host/paperclip-host.ts'
import { openPresence } from '../host/presence.ts'
import { endOf, jobLife } from '../jobs/job-life.ts'
import type { JobEnd } from '../jobs/job-register.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { concludeRun } from '../result/conclude-run.ts'
import { executionResult } from '../result/execution-result.ts'
import { spokenBefore } from '../result/spoken-before.ts'
import { nextSession } from '../session/next-session.ts'
import { abortCause } from './abort-cause.ts'
import type { RunWatch } from './run-watch.ts'

// Paperclip gives a cancelled run 60 s to settle before it tells the operator that it failed.
const longestCancelGraceSeconds = 30

/** Options for following a run's Job. */
interface RunJobInput<Schema extends AgentDefinition['schema'], Summary extends AgentSummary> {
  definition: AgentDefinition<Schema, Summary>
  deps: AdapterDependencies
  plan: RunPlan<z.output<Schema>>
  ctx: Pick<AdapterExecutionContext, 'authToken'>
  host: PaperclipHost
  signal: AbortSignal
  watch: RunWatch
  status: LastingProgress
  job: AcquiredJob
}

/** The result of following a Job: a result to report, or a failure without an outcome. */
export type RunJobEnd =
  | {
      kind: 'reported'
      result: AdapterExecutionResult
      /** Counts the run in the metrics. */
      count: () => Promise<void>
    }
  | { kind: 'failed'; error: unknown }

type Ended<Summary extends AgentSummary> = Extract<FollowedAgent<Summary>, { kind: 'ended' }>

/** Follows a Job that the run has acquired to its end, and reports it. */
export async function runJob<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: RunJobInput<Schema, Summary>,
): Promise<RunJobEnd> {
  const { definition, deps, plan, host, job, watch } = input
  const { handle } = job
  const stopping = stopOnAbort(handle, input.signal, plan.settings.graceSec)
  const life = jobLife(definition.type, { deps, plan, job, onRemoved: () => watch.cleanedUp(job) })
  let end: JobEnd = 'unsure'
  const presence = await openPresence(deps.clock.wallTime)
  try {
    if (presence !== null) host.atWork(presence)
    await life.begin()
    const events = runEvents(host, input.status, handle)
    events.acquired(job.adopted)
    watch.acquired(job)
    const redactor = createRedactor({ secrets: job.secrets, resolved: plan.resolvedSecrets })
    const relay = logRelay(host.log, { redactor })
    const parser = definition.createParser()
    const output = isReadable(deps, plan) ? readableRelay(relay, definition.transcript) : relay
    const followed = await followRun({
      handle,
      parser,
      relay,
      output,
      clock: deps.clock,
      progress: events.phase,
      onLine: watch.line,
      onGap: watch.gap,
      isReport: definition.isReport,
    })
    if (followed.kind === 'detached') {
      end = 'elsewhere'
      return { kind: 'failed', error: followed.error }
    }
    end = endOf(followed.outcome)
    const result = await report(input, followed, { redact: redactor.text, say: relay.line, events })
    return { kind: 'reported', result, count: watch.ended(job, followed, result) }
  } catch (error) {
    const disowned = abortCause(input.signal)?.kind === 'disowned'
    if (disowned || (RunError.isInstance(error) && error.code === 'detached')) end = 'elsewhere'
    return { kind: 'failed', error }
  } finally {
    await life.finish(end)
    await stopping.settled(deps.onWarning)
    await presence?.close()
  }
}

/** Where Paperclip's UI shows the log as it is, people read it; otherwise the UI's parser of the adapter does. */
function isReadable({ paperclipVersion, env }: AdapterDependencies, { settings }: RunPlan): boolean {
  if (settings.logFormat !== 'auto') return settings.logFormat === 'text'
  // A type that replaces a built-in one has the parser of that one.
  return showsRawLines(paperclipVersion) && !loadPolicy(env).replaceBuiltIn
}

/** Judges a run that ended, informs users, and builds Paperclip's result. */
async function report<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  { definition, deps, plan, ctx, job }: RunJobInput<Schema, Summary>,
  followed: Ended<Summary>,
  to: {
    redact: (text: string) => string
    say: (stream: 'stdout' | 'stderr', text: string) => Promise<void>
    events: ReturnType<typeof runEvents>
  },
): Promise<AdapterExecutionResult> {
  const { outcome, summary, output, timings } = followed
  const concluded = concludeRun(definition, followed)
  const conclusion =
    concluded.kind === 'failed' ? { ...concluded, errorMessage: to.redact(concluded.errorMessage) } : concluded
  to.events.ended(outcome, conclusion)
  const message = conclusion.kind === 'failed' ? conclusion.errorMessage : conclusion.warning
  if (message !== null) await to.say('stderr', `[paperclip] ${message}`)
  const lost = job.adopted?.runId ?? null
  // Not the run's own signal: a cancelled run is reported, too.
  const signal = new AbortController().signal
  const hasSpoken = lost !== null && (await spokenBefore(deps, ctx, { taskId: plan.run.taskId, runId: lost, signal }))
  const billing = definition.billing(plan.visibleEnv, summary, plan.settings)
  return executionResult({
    conclusion,
    outcome,
    summary: summary.result === null ? summary : { ...summary, result: to.redact(summary.result) },
    session: nextSession(summary, plan, job),
    model: summary.model ?? plan.settings.model ?? null,
    billing,
    cost: definition.cost?.({ summary, settings: plan.settings, billing }),
    facts: definition.resultFacts?.(summary),
    comment: hasSpoken ? 'never' : plan.settings.commentOnFailure ? 'always' : 'on_success',
    report: {
      job: job.handle.job.name,
      namespace: job.handle.job.namespace,
      pod: outcome.pod ?? null,
      node: outcome.node ?? null,
      adoptedFromRun: job.adopted?.runId ?? null,
      outcome: outcome.code,
      outputComplete: output.verdict === 'unverified' ? null : output.verdict === 'complete',
      timings,
    },
    retryAt: definition.retryAt?.(summary) ?? null,
    now: deps.clock.wallTime(),
  })
}

/** Stops the Job when Paperclip cancels the run, and releases it when this server no longer owns the run. */
function stopOnAbort(
  handle: RunHandle,
  signal: AbortSignal,
  graceSec: number,
): { settled(onWarning: AdapterDependencies['onWarning']): Promise<void> } {
  let stopping: Promise<unknown> | null = null
  const stop = (): void => {
    const cause = abortCause(signal)
    if (cause === null) return
    const graceSeconds = Math.min(Math.max(1, graceSec), longestCancelGraceSeconds)
    stopping = cause.kind === 'disowned' ? handle.detach() : handle.cancel({ by: cause.by, graceSeconds })
    // Awaited in `settled`; a rejection before that is not unhandled.
    stopping.catch(() => undefined)
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return {
    async settled(onWarning) {
      signal.removeEventListener('abort', stop)
      try {
        await stopping
      } catch (error) {
        // The outcome is known by now, and it counts.
        onWarning(`Job ${handle.job.name} could not be stopped as asked: ${errorMessage(error)}`, {
          code: 'stop_failed',
        })
      }
    },
  }
}
