import type { CommonEntry, Entry } from '@agent-jobs/stream-parser-core'

/** What a user interface shows of a run, told apart by `kind`. */
export type TranscriptEntry =
  | CommonEntry
  | (Entry<'tool_result'> & {
      readonly toolUseId: string
      readonly toolName: string
      readonly content: string
      readonly isError: boolean
    })
