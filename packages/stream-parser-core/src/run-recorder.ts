import type { JsonObject } from './json.ts'
import type { ProcessEnd } from './process-end.ts'

/** What a recorder is made with. */
export interface RecorderOptions {
  /** The summary keeps so much of a text. */
  readonly maxResultChars: number
  /** The time in milliseconds since 1970. */
  readonly now: () => number
}

/** Takes the events of a run one by one and keeps only what the summary needs. */
export interface RunRecorder<Kind extends string, Summary> {
  /** A parsed line: its kind, and the object itself. */
  event(kind: Kind, value: JsonObject, line: number): void
  text(text: string, line: number): void
  cut(line: number): void
  oversize(line: number): void
  readonly finished: boolean
  readonly sessionId: string | null
  summary(end: ProcessEnd): Summary
}
