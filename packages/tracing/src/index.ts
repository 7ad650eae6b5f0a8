export type { StepEntry } from './agent-steps.ts'
export { otlpSink, tracesUrl, type OtlpSinkOptions } from './otlp-sink.ts'
export type { PhaseTimes } from './run-spans.ts'
export {
  createRunTracer,
  disabledTracer,
  type AdoptedTrace,
  type RunTrace,
  type RunTracer,
  type RunTracerOptions,
  type TracedRun,
  type TraceEnd,
} from './run-tracer.ts'
export type { SpanAttributes, SpanContext, SpanData, SpanSink } from './span-data.ts'
export { readTraceparent } from './trace-ids.ts'
export { readTraceRecord, type TraceIdentity } from './trace-record.ts'
