import type { SpanContext } from './span-data.ts'
import { readTraceparent, spanIdOf, traceIdOf, traceparentOf } from './trace-ids.ts'

/** What identifies the trace of a run. Another process needs no more to report the run's spans. */
export interface TraceIdentity {
  readonly runId: string
  /** The span that the run belongs to; null when the run is the first span of its trace. */
  readonly parent: SpanContext | null
  /** When the run began, in milliseconds since the epoch. */
  readonly beganAt: number
}

/** The spans of a run that others refer to. */
export interface TracePlaces {
  /** The whole run. */
  readonly run: SpanContext
  /** The agent's process: the parent of what the agent reports itself. */
  readonly agent: SpanContext
}

/** The spans of a run that others refer to. The ids follow from the identity. */
export function placesOf({ runId, parent }: TraceIdentity): TracePlaces {
  const traceId = parent?.traceId ?? traceIdOf(runId)
  const sampled = parent?.sampled ?? true
  const place = (name: string): SpanContext => ({ traceId, spanId: spanIdOf(runId, name), sampled })
  return { run: place('run'), agent: place('agent') }
}

/** Writes an identity as text for an annotation of the Job. */
export function writeTraceRecord({ parent, beganAt }: TraceIdentity): string {
  return JSON.stringify({ parent: parent === null ? null : traceparentOf(parent), beganAt })
}

/** Reads the annotation of a Job that `runId` started; null when there is none or it is invalid. */
export function readTraceRecord(runId: string, text: string | undefined): TraceIdentity | null {
  if (text === undefined || text.length > 500) return null
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (typeof record !== 'object' || record === null) return null
  const { parent, beganAt } = record as { parent?: unknown; beganAt?: unknown }
  if (typeof beganAt !== 'number' || !Number.isSafeInteger(beganAt) || beganAt < 0) return null
  if (parent === null) return { runId, parent: null, beganAt }
  const context = readTraceparent(parent)
  return context === null ? null : { runId, parent: context, beganAt }
}
