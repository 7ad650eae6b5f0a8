import type { JsonObject } from '@agent-jobs/stream-parser-core'
import { type ErrorFacts, readError } from './error-facts.ts'

/** Counts errors, and keeps the last one that no later answer made up for. */
export interface ErrorRecord {
  add(value: JsonObject, line: number): void
  /** The agent answered after all. */
  recovered(): void
  readonly last: ErrorFacts | null
  readonly total: number
  readonly recoveredTotal: number
}

/** See {@link ErrorRecord}. */
export function createErrorRecord(): ErrorRecord {
  // Reading what a provider says takes longer than all else of a line, and only the last error is asked about.
  let unread: { readonly value: JsonObject; readonly line: number } | null = null
  let last: ErrorFacts | null = null
  let total = 0
  let recoveredTotal = 0
  return {
    add(value, line) {
      total++
      last = null
      unread = { value, line }
    },
    recovered() {
      last = null
      unread = null
      recoveredTotal = total
    },
    get last() {
      if (unread !== null) last = readError(unread.value, unread.line)
      unread = null
      return last
    },
    get total() {
      return total
    },
    get recoveredTotal() {
      return recoveredTotal
    },
  }
}
