import { createStepRecorder, type StepEntry } from './agent-steps.ts'
import { lateSpan, runSpans, type AgentProcess, type PhaseTimes } from './run-spans.ts'
import type { SpanAttributes, SpanContext, SpanData, SpanSink } from './span-data.ts'
import { traceparentOf } from './trace-ids.ts'
import { placesOf, writeTraceRecord, type TraceIdentity } from './trace-record.ts'

/** A run to trace. */
export interface TracedRun {
  readonly runId: string
  /** The span that the run belongs to; null makes it the first span of its trace. */
  readonly parent: SpanContext | null
  readonly attributes: SpanAttributes
}

/** The Job that a run has adopted. */
export interface AdoptedTrace {
  /** The trace of the run that started the Job; null when that run was not traced. */
  readonly identity: TraceIdentity | null
}

/** How a run ended. All times are in milliseconds since the epoch. */
export interface TraceEnd {
  readonly attributes: SpanAttributes
  /** A stable code; null for a success. Never a text of the agent. */
  readonly error: string | null
  readonly phases: readonly PhaseTimes[]
  /** When the agent's process began; null when it never did. */
  readonly agentStartedAt: number | null
  /** Set when the run had adopted its Job. */
  readonly adopted: AdoptedTrace | null
}

/** The trace of one run. No method throws, and none waits. */
export interface RunTrace {
  /** What the agent continues the trace with; null when the run is not traced. */
  readonly agent: {
    /** W3C `traceparent`. */
    readonly traceparent: string
    /** For the Job, so that a process that adopts it can report this run. See `readTraceRecord`. */
    readonly record: string
  } | null
  /** The run waits, or no longer waits, for another run of its agent. */
  waiting(isWaiting: boolean): void
  /** The agent printed an entry of its transcript at `at`, by the clock of its node. */
  step(entry: StepEntry, at: number): void
  /** Hands the run's spans over, all at once. A second end has no effect. */
  ended(end: TraceEnd): void
  /** A phase that ended after the run. */
  after(phase: PhaseTimes): void
}

/** Traces runs. */
export interface RunTracer {
  /** False when no run is traced: then nothing needs to be collected. */
  readonly enabled: boolean
  begin(run: TracedRun): RunTrace
}

/** Options of a tracer. */
export interface RunTracerOptions {
  readonly sink: SpanSink
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Called when spans were lost, and not again before others were handed over. Traces never fail a run. */
  readonly onError: (error: unknown) => void
}

const untraced: RunTrace = {
  agent: null,
  waiting: () => undefined,
  step: () => undefined,
  ended: () => undefined,
  after: () => undefined,
}

/** Traces nothing and loads nothing. */
export const disabledTracer: RunTracer = { enabled: false, begin: () => untraced }

/**
 * Creates a tracer. A run's spans are handed over when it ends, all at once, so that no span refers to one that is missing. If
 * the process is killed before, the run that adopts the Job reports them, under the same ids.
 */
export function createRunTracer({ sink, now, onError }: RunTracerOptions): RunTracer {
  let failing = false
  const handOver = async (spans: readonly SpanData[]): Promise<void> => {
    try {
      await sink(spans)
      failing = false
    } catch (error) {
      if (!failing) onError(error)
      failing = true
    }
  }
  const send = (spans: readonly SpanData[]): void => {
    const sampled = spans.filter(({ context }) => context.sampled)
    if (sampled.length > 0) void handOver(sampled)
  }
  return { enabled: true, begin: (run) => traceRun(run, now, send) }
}

function traceRun(
  { runId, parent, attributes }: TracedRun,
  now: () => number,
  send: (spans: readonly SpanData[]) => void,
): RunTrace {
  const identity: TraceIdentity = { runId, parent, beganAt: now() }
  const places = placesOf(identity)
  const steps = createStepRecorder()
  const waits: PhaseTimes[] = []
  let waitingSince: number | null = null
  let hasEnded = false
  const waiting = (isWaiting: boolean): void => {
    if (isWaiting) waitingSince ??= now()
    else if (waitingSince !== null) {
      // A run waits once or twice; only a fault could make it many times.
      if (waits.length < 100) waits.push({ name: 'wait', startedAt: waitingSince, endedAt: now() })
      waitingSince = null
    }
  }
  const agentOf = ({ agentStartedAt, error, attributes: ends }: TraceEnd, endedAt: number): AgentProcess | null =>
    agentStartedAt === null
      ? null
      : { startedAt: agentStartedAt, endedAt, attributes: ends, error, steps: steps.steps(endedAt) }
  return {
    agent: { traceparent: traceparentOf(places.agent), record: writeTraceRecord(identity) },
    waiting,
    step: (entry, at) => steps.take(entry, at),
    ended(end) {
      if (hasEnded) return
      hasEnded = true
      waiting(false)
      const endedAt = now()
      const agent = agentOf(end, endedAt)
      const started = end.adopted?.identity ?? null
      const run = { identity, endedAt, error: end.error, phases: [...waits, ...end.phases] }
      const whole = { ...attributes, ...end.attributes }
      if (started === null) return send(runSpans({ ...run, attributes: whole, agent, links: [] }))
      const link = (context: SpanContext, relation: string) => ({
        context,
        attributes: { 'agent_jobs.link': relation },
      })
      const adopting = { ...run, attributes: whole, agent: null, links: [link(placesOf(started).run, 'adopted')] }
      send([
        ...runSpans(adopting),
        ...runSpans({
          identity: started,
          endedAt,
          error: end.error,
          phases: [],
          attributes: { ...whole, 'agent_jobs.run.id': started.runId, 'agent_jobs.reported_by': runId },
          agent,
          links: [link(places.run, 'adopted_by')],
        }),
      ])
    },
    after: (phase) => send([lateSpan(identity, phase)]),
  }
}
