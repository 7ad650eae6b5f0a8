import type { SpanContext } from '@agent-jobs/tracing'
import { readTraceparent } from '@agent-jobs/tracing'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'

/**
 * The span of Paperclip that a run belongs to; null when Paperclip records none (docs/paperclip-facts.md#traces). Paperclip's
 * tracer shows its current span only as the parent of a new one, so a span without duration is added to Paperclip's trace. A
 * span that lasted as long as the run would be lost with the server, and leave the run's spans without a parent.
 */
export function traceParent({ startupTraceContext, runId }: AdapterExecutionContext): SpanContext | null {
  if (startupTraceContext === undefined) return null
  const span: unknown = startupTraceContext.tracer.startSpan('agent_jobs.execute', {
    attributes: { 'agent_jobs.run.id': runId },
  })
  const context = contextOf(span)
  if (hasEnd(span)) span.end()
  return context
}

function hasEnd(span: unknown): span is { end(): void } {
  return typeof span === 'object' && span !== null && 'end' in span && typeof span.end === 'function'
}

/** Paperclip declares less than OpenTelemetry's span; without tracing, its span has no context or an invalid one. */
function contextOf(span: unknown): SpanContext | null {
  if (typeof span !== 'object' || span === null || !('spanContext' in span)) return null
  if (typeof span.spanContext !== 'function') return null
  const { traceId, spanId, traceFlags } = Object(span.spanContext()) as Record<string, unknown>
  const sampled = typeof traceFlags === 'number' && (traceFlags & 1) === 1
  return readTraceparent(`00-${String(traceId)}-${String(spanId)}-${sampled ? '01' : '00'}`)
}
