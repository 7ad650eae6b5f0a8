import type { AgentStep, AgentSteps } from './agent-steps.ts'
import type { SpanAttributes, SpanContext, SpanData } from './span-data.ts'
import { spanIdOf } from './trace-ids.ts'
import { placesOf, type TraceIdentity, type TracePlaces } from './trace-record.ts'

/** A phase of a run, with its times in milliseconds since the epoch. */
export interface PhaseTimes {
  readonly name: string
  readonly startedAt: number
  readonly endedAt: number
}

/** The agent's process, as far as it is known. */
export interface AgentProcess {
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: SpanAttributes
  readonly error: string | null
  readonly steps: AgentSteps
}

/** Everything that the spans of one run are made of. */
export interface RunRecord {
  readonly identity: TraceIdentity
  readonly endedAt: number
  readonly attributes: SpanAttributes
  readonly error: string | null
  readonly phases: readonly PhaseTimes[]
  /** Null when no agent started, and for a run that adopted a Job: the agent belongs to the run that started it. */
  readonly agent: AgentProcess | null
  readonly links: readonly { readonly context: SpanContext; readonly attributes: SpanAttributes }[]
}

/** The spans of a run: the run, its phases, the agent in it, and the agent's turns and tool calls. Pure. */
export function runSpans(record: RunRecord): SpanData[] {
  const { identity, phases, agent } = record
  const { runId } = identity
  const places = placesOf(identity)
  const run: SpanData = {
    name: 'agent_jobs.run',
    context: places.run,
    parent: identity.parent,
    ...period(identity.beganAt, record.endedAt),
    attributes: record.attributes,
    links: record.links,
    error: record.error,
  }
  const inRun = (phase: PhaseTimes, index: number): SpanData =>
    phaseSpan(places.run, spanIdOf(runId, 'phase', index, phase.name), phase)
  return [run, ...phases.map(inRun), ...(agent === null ? [] : agentSpans(runId, agent, places))]
}

/** One phase of a run that is reported after its other spans. */
export function lateSpan(identity: TraceIdentity, phase: PhaseTimes): SpanData {
  return phaseSpan(placesOf(identity).run, spanIdOf(identity.runId, 'late', phase.name), phase)
}

function phaseSpan(run: SpanContext, spanId: string, { name, startedAt, endedAt }: PhaseTimes): SpanData {
  return {
    name: `agent_jobs.${name}`,
    context: { ...run, spanId },
    parent: run,
    ...period(startedAt, endedAt),
    attributes: {},
    links: [],
    error: null,
  }
}

function agentSpans(
  runId: string,
  { startedAt, endedAt, attributes, error, steps }: AgentProcess,
  places: TracePlaces,
): SpanData[] {
  const contextOf = (index: number): SpanContext => ({ ...places.agent, spanId: spanIdOf(runId, 'step', index) })
  const stepSpan = (step: AgentStep): SpanData => ({
    name: `agent_jobs.${step.kind}`,
    context: contextOf(step.index),
    parent: step.turn === null ? places.agent : contextOf(step.turn),
    ...period(step.startedAt, step.endedAt),
    attributes: step.tool === null ? {} : { 'gen_ai.tool.name': step.tool },
    links: [],
    error: step.failed ? 'The tool reported an error' : null,
  })
  const agent: SpanData = {
    name: 'agent_jobs.agent',
    context: places.agent,
    parent: places.run,
    ...period(startedAt, endedAt),
    attributes: steps.dropped === 0 ? attributes : { ...attributes, 'agent_jobs.dropped_steps': steps.dropped },
    links: [],
    error,
  }
  return [agent, ...steps.steps.map(stepSpan)]
}

/** Clocks of a node and of this process differ; a span never ends before it starts. */
function period(startedAt: number, endedAt: number): Pick<SpanData, 'startedAt' | 'endedAt'> {
  return { startedAt, endedAt: Math.max(startedAt, endedAt) }
}
