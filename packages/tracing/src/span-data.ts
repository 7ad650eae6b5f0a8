/** Values of span attributes. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** Identity of a span, as W3C Trace Context writes it. */
export interface SpanContext {
  /** 32 lowercase hex digits, not all zero. */
  readonly traceId: string
  /** 16 lowercase hex digits, not all zero. */
  readonly spanId: string
  readonly sampled: boolean
}

/** A span that has ended. */
export interface SpanData {
  readonly name: string
  readonly context: SpanContext
  /** Null for the first span of a trace. */
  readonly parent: SpanContext | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Milliseconds since the epoch; never before `startedAt`. */
  readonly endedAt: number
  readonly attributes: SpanAttributes
  readonly links: readonly { readonly context: SpanContext; readonly attributes: SpanAttributes }[]
  /** Why it failed; null for a span that did not. */
  readonly error: string | null
}

/** Where spans go. Resolves when they have been handed over; rejects when they are lost. */
export type SpanSink = (spans: readonly SpanData[]) => Promise<void>
