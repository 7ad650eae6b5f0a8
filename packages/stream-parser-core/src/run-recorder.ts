import type { JsonObject } from './json.ts'
import type { ProcessEnd } from './process-end.ts'

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
