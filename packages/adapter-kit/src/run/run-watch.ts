import type { RunEvent } from '@agent-jobs/k8s-job-runner'
import type { ObservedEnd } from '@agent-jobs/metrics'
import { errorMessage } from '@agent-jobs/primitives'
import type { RunTrace, SpanAttributes, TraceEnd } from '@agent-jobs/tracing'
import { phaseTimes, type AgentSummary, type FollowedAgent } from '@agent-jobs/agent-run'
import type { AdapterExecutionContext, AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { AcquiredJob } from '../acquire/acquired-job.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AdapterLog, LogFields } from '../observe/adapter-log.ts'
import { traceParent } from '../observe/trace-parent.ts'
import { observedEnd, observedRun, unreportedEnd } from './observed-end.ts'

type Followed = Extract<FollowedAgent<AgentSummary>, { kind: 'ended' }>
type Line = Extract<RunEvent, { type: 'line' }>

/** What metrics and traces receive about a run. */
export interface RunWatch {
  /** For the agent and its Job; null when the run is not traced. */
  readonly agentTrace: RunTrace['agent']
  /** The run waits, or no longer waits, for another run of its agent. */
  waiting(isWaiting: boolean): void
  /** The run follows a Job from here on. */
  acquired(job: AcquiredJob): void
  /** The agent printed a line. */
  line(line: Line): void
  /** Lines are missing in the output. */
  gap(reason: string): void
  /** The Job was followed to its outcome. Returns what counts the run: it resolves when that is on disk. */
  ended(job: AcquiredJob, followed: Followed, result: AdapterExecutionResult): () => Promise<void>
  /** The run ended without an outcome. Resolves when that is on disk. */
  failed(mayHaveBegun: boolean, result: AdapterExecutionResult): Promise<void>
  /** What the ended run left in the cluster is removed. */
  cleanedUp(job: AcquiredJob): void
  /** No more events follow: another process follows the run. Has no effect after the end. */
  left(): void
}

type WatchDependencies = 'observer' | 'tracer' | 'log' | 'clock' | 'onWarning'

// A longer line is a large answer of a tool. Its time matters little, and parsing it twice costs.
const maxTracedChars = 256 * 1024

/** Begins to watch a run. */
export function watchRun(
  definition: Pick<AgentDefinition, 'type' | 'transcript'>,
  { observer, tracer, log, clock, onWarning }: Pick<AdapterDependencies, WatchDependencies>,
  ctx: AdapterExecutionContext,
): RunWatch {
  const run = observedRun(definition, ctx)
  const observation = observer.begin(run)
  const trace = tracer.begin({
    runId: ctx.runId,
    parent: tracer.enabled ? traceParent(ctx) : null,
    attributes: {
      'agent_jobs.run.id': ctx.runId,
      'agent_jobs.adapter': run.adapter,
      'agent_jobs.agent.id': run.agentId,
      'agent_jobs.company.id': run.companyId,
    },
  })
  const write = runLog(log, ctx, { adapter: run.adapter, traceparent: trace.agent?.traceparent })
  let hasEnded = false
  write('run.began', {})
  const steps = tracer.enabled ? stepReader(definition, trace, onWarning) : null
  return {
    agentTrace: trace.agent,
    waiting(isWaiting) {
      observation.waiting(isWaiting)
      trace.waiting(isWaiting)
      write(isWaiting ? 'run.waits' : 'run.goes_on', {})
    },
    acquired: ({ handle, adopted }) =>
      write(adopted === null ? 'job.created' : 'job.adopted', { ...placeOf(handle), adoptedFromRun: adopted?.runId }),
    line: (line) => steps?.read(line),
    gap(reason) {
      observation.gap(reason)
      write('output.gap', { reason })
    },
    ended(job, followed, result) {
      hasEnded = true
      const observed = observedEnd(job, followed, result)
      trace.ended(traceEnd(job, followed, observed, steps?.firstLineAt() ?? null))
      write('run.ended', { ...endFields(observed), ...placeOf(job.handle), durationMs: job.handle.timings.endedMs })
      return () => observation.ended(observed)
    },
    failed(mayHaveBegun, result) {
      hasEnded = true
      const observed = unreportedEnd(ctx.runId, mayHaveBegun, result)
      trace.ended({
        attributes: endAttributes(observed),
        error: observed.errorCode ?? observed.outcome,
        phases: [],
        agentStartedAt: null,
        adopted: null,
      })
      write('run.ended', endFields(observed))
      return observation.ended(observed)
    },
    cleanedUp({ handle, calledAt }) {
      const { endedMs } = handle.timings
      if (endedMs === undefined) return
      const [startedAt, endedAt] = [calledAt + endedMs, clock.wallTime()]
      observation.cleanedUp(Math.max(0, endedAt - startedAt))
      trace.after({ name: 'clean_up', startedAt, endedAt })
      write('job.removed', placeOf(handle))
    },
    left() {
      observation.left()
      if (!hasEnded) write('run.released', {})
    },
  }
}

/** Writes entries about one run, each with the run's ids. */
function runLog(
  log: AdapterLog,
  { runId, agent, context }: AdapterExecutionContext,
  { adapter, traceparent }: { adapter: string; traceparent: string | undefined },
): AdapterLog['write'] {
  const issueId = context['issueId']
  const about: LogFields = {
    runId,
    adapter,
    agentId: agent.id,
    companyId: agent.companyId,
    issueId: typeof issueId === 'string' ? issueId : null,
    traceId: traceparent?.split('-')[1],
  }
  return (event, fields) => log.write(event, { ...about, ...fields })
}

function placeOf({ job, pod }: AcquiredJob['handle']): LogFields {
  return { job: job.name, namespace: job.namespace, pod: pod?.name, node: pod?.node }
}

function endFields({ outcome, errorCode, model, usage, costUsd, adopted, outputComplete }: ObservedEnd): LogFields {
  const { inputTokens, outputTokens } = usage
  return { outcome, code: errorCode, model, inputTokens, outputTokens, costUsd, adopted, outputComplete }
}

/** Reads the turns and tool calls of an agent from its lines. A fault in this ends the reading, not the run. */
function stepReader(
  definition: Pick<AgentDefinition, 'type' | 'transcript'>,
  trace: RunTrace,
  onWarning: AdapterDependencies['onWarning'],
) {
  let firstLineAt: number | null = null
  let isBroken = false
  return {
    firstLineAt: () => firstLineAt,
    read({ stream, text, time, part }: Line): void {
      firstLineAt ??= time
      if (isBroken || stream !== 'stdout' || part !== undefined || text.length > maxTracedChars) return
      try {
        for (const entry of definition.transcript(text, '')) trace.step(entry, time)
      } catch (error) {
        isBroken = true
        onWarning(`The turns of a run of ${definition.type} are missing in its trace: ${errorMessage(error)}`, {
          code: 'trace_incomplete',
        })
      }
    },
  }
}

function traceEnd(
  { handle, calledAt, adopted }: AcquiredJob,
  { outcome, timings }: Followed,
  observed: ObservedEnd,
  firstLineAt: number | null,
): TraceEnd {
  const { runningMs } = handle.timings
  const began = adopted === null && runningMs !== undefined ? calledAt + runningMs : firstLineAt
  const end =
    timings.finishedMs === undefined || timings.endedMs === undefined || handle.timings.endedMs === undefined
      ? []
      : [{ name: 'end', ms: Math.max(0, timings.endedMs - timings.finishedMs), endedMs: handle.timings.endedMs }]
  return {
    attributes: {
      ...endAttributes(observed),
      'k8s.job.name': handle.job.name,
      'k8s.namespace.name': handle.job.namespace,
      ...(outcome.pod === undefined ? {} : { 'k8s.pod.name': outcome.pod }),
      ...(outcome.node === undefined ? {} : { 'k8s.node.name': outcome.node }),
    },
    error: observed.errorCode,
    phases: [
      // The phases of an adopted Job belong to another process.
      // `run` is the span of the agent.
      ...(adopted === null ? phaseTimes(handle.timings).filter(({ phase }) => phase !== 'run') : []).map(
        ({ phase, fromMs, toMs }) => ({
          name: phase,
          startedAt: calledAt + fromMs,
          endedAt: calledAt + toMs,
        }),
      ),
      ...end.map(({ name, ms, endedMs }) => ({
        name,
        startedAt: calledAt + endedMs - ms,
        endedAt: calledAt + endedMs,
      })),
    ],
    agentStartedAt: began,
    adopted: adopted === null ? null : { identity: adopted.trace },
  }
}

function endAttributes({ outcome, errorCode, model, usage, costUsd, adopted }: ObservedEnd): SpanAttributes {
  return {
    'agent_jobs.outcome': outcome,
    'agent_jobs.adopted': adopted,
    ...(errorCode === null ? {} : { 'error.type': errorCode }),
    ...(model === null ? {} : { 'gen_ai.response.model': model.slice(0, 200) }),
    'gen_ai.usage.input_tokens': usage.inputTokens,
    'gen_ai.usage.output_tokens': usage.outputTokens,
    ...(costUsd === null ? {} : { 'agent_jobs.cost_usd': costUsd }),
  }
}
