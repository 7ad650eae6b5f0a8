import type { ErrorFacts } from './error-facts.ts'

/** Counts errors, and keeps the last one that no later answer made up for. */
export interface ErrorRecord {
  add(error: ErrorFacts): void
  /** The agent answered after all. */
  recovered(): void
  readonly last: ErrorFacts | null
  readonly total: number
  readonly recoveredTotal: number
}

/** See {@link ErrorRecord}. */
export function createErrorRecord(): ErrorRecord {
  let last: ErrorFacts | null = null
  let total = 0
  let recoveredTotal = 0
  return {
    add(error) {
      total++
      last = error
    },
    recovered() {
      last = null
      recoveredTotal = total
    },
    get last() {
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
