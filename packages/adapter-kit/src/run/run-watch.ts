import type { RunEvent } from '@agent-jobs/k8s-job-runner'
import type { ObservedEnd } from '@agent-jobs/metrics'
import { errorMessage } from '@agent-jobs/primitives'
import type { RunTrace, SpanAttributes, TraceEnd } from '@agent-jobs/tracing'
import { phaseTimes, type AgentSummary, type FollowedAgent } from '@agent-jobs/agent-run'
import type { AdapterExecutionContext, AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { AcquiredJob } from '../acquire/acquired-job.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { traceParent } from '../observe/trace-parent.ts'
import { observedEnd, observedRun, unreportedEnd } from './observed-end.ts'

type Followed = Extract<FollowedAgent<AgentSummary>, { kind: 'ended' }>
type Line = Extract<RunEvent, { type: 'line' }>

/** What metrics and traces are told of a run. */
export interface RunWatch {
  /** For the agent and its Job; null when the run is not traced. */
  readonly agentTrace: RunTrace['agent']
  /** The run waits, or no longer waits, for another run of its agent. */
  waiting(isWaiting: boolean): void
  /** The agent printed a line. */
  line(line: Line): void
  /** Lines are missing in the output. */
  gap(reason: string): void
  /** The Job was followed to its outcome. Resolves when that is on disk. */
  ended(job: AcquiredJob, followed: Followed, result: AdapterExecutionResult): Promise<void>
  /** The run ended without an outcome. Resolves when that is on disk. */
  failed(mayHaveBegun: boolean, result: AdapterExecutionResult): Promise<void>
  /** What the ended run left in the cluster is removed. */
  cleanedUp(job: AcquiredJob): void
  /** No more events follow: another process follows the run. Has no effect after the end. */
  left(): void
}

// A longer line is a large answer of a tool. Its time matters little, and parsing it twice costs.
const maxTracedChars = 256 * 1024

/** Begins to watch a run. */
export function watchRun(
  definition: Pick<AgentDefinition, 'type' | 'transcript'>,
  { observer, tracer, clock, onWarning }: Pick<AdapterDependencies, 'observer' | 'tracer' | 'clock' | 'onWarning'>,
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
  const steps = tracer.enabled ? stepReader(definition, trace, onWarning) : null
  return {
    agentTrace: trace.agent,
    waiting(isWaiting) {
      observation.waiting(isWaiting)
      trace.waiting(isWaiting)
    },
    line: (line) => steps?.read(line),
    gap: (reason) => observation.gap(reason),
    ended(job, followed, result) {
      const observed = observedEnd(job, followed, result)
      trace.ended(traceEnd(job, followed, observed, steps?.firstLineAt() ?? null))
      return observation.ended(observed)
    },
    failed(mayHaveBegun, result) {
      const observed = unreportedEnd(ctx.runId, mayHaveBegun, result)
      trace.ended({
        attributes: endAttributes(observed),
        error: observed.errorCode ?? observed.outcome,
        phases: [],
        agentStartedAt: null,
        adopted: null,
      })
      return observation.ended(observed)
    },
    cleanedUp({ handle, calledAt }) {
      const { endedMs } = handle.timings
      if (endedMs === undefined) return
      const [startedAt, endedAt] = [calledAt + endedMs, clock.wallTime()]
      observation.cleanedUp(Math.max(0, endedAt - startedAt))
      trace.after({ name: 'clean_up', startedAt, endedAt })
    },
    left: () => observation.left(),
  }
}

/** Reads the turns and tool calls of an agent from its lines. A fault in this ends the reading, not the run. */
function stepReader(
  definition: Pick<AgentDefinition, 'type' | 'transcript'>,
  trace: RunTrace,
  onWarning: (message: string) => void,
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
        onWarning(`The turns of a run of ${definition.type} are missing in its trace: ${errorMessage(error)}`)
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
