import { createHash } from 'node:crypto'
import type { SpanContext } from './span-data.ts'

const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const zeros = /^0+$/

/** Reads a `traceparent`; null for anything else. */
export function readTraceparent(text: unknown): SpanContext | null {
  const [, traceId = '', spanId = '', flags = '00'] =
    typeof text === 'string' ? (traceparentPattern.exec(text) ?? []) : []
  if (traceId === '' || zeros.test(traceId) || zeros.test(spanId)) return null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Writes a `traceparent`. */
export function traceparentOf({ traceId, spanId, sampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/** The trace of a run without a parent: the run's UUID without its dashes, so that a trace is found by the run's id. */
export function traceIdOf(runId: string): string {
  const id = uuidPattern.test(runId) ? runId.replaceAll('-', '').toLowerCase() : digest(['trace', runId], 32)
  return zeros.test(id) ? digest(['trace', runId], 32) : id
}

/**
 * The id of a span of a run. It is the same in every process, so a process that adopts a run's Job can report the spans of
 * the run that it replaces.
 */
export function spanIdOf(runId: string, ...path: readonly (string | number)[]): string {
  return digest(['span', runId, ...path], 16)
}

function digest(parts: readonly (string | number)[], digits: number): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, digits)
  // An id of zeros is invalid.
  return zeros.test(hex) ? `1${hex.slice(1)}` : hex
}
