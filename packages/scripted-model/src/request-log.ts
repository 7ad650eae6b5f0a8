import type { ModelApi } from './model-request.ts'

/** What is kept of a request: enough to assert on, no header and no credential. */
export interface RequestSummary {
  /** When it came, in milliseconds since the epoch. */
  readonly at: number
  readonly method: string
  /** The path without its query. */
  readonly path: string
  readonly scenario: string
  readonly bytes: number
  /** HTTP status of the answer; 0 if the scenario gave none. */
  readonly status: number
  readonly api?: ModelApi
  readonly model?: string
  readonly stream?: boolean
  readonly tools?: readonly string[]
  /** The first 80 characters of the prompt. */
  readonly promptHead?: string
  readonly turn?: number
  readonly step?: number
  readonly side?: boolean
}

/** Keeps the last `limit` summaries; older ones are dropped. */
export function createRequestLog(limit: number): {
  readonly entries: RequestSummary[]
  add(entry: RequestSummary): void
} {
  const entries: RequestSummary[] = []
  return {
    entries,
    add: (entry) => {
      entries.push(entry)
      if (entries.length > limit) entries.splice(0, entries.length - limit)
    },
  }
}
