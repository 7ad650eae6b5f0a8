import type { CommonEntry, Entry } from '@agent-jobs/stream-parser-core'

/** What a user interface shows of a run, told apart by `kind`. */
export type TranscriptEntry = (
  | CommonEntry
  | (Entry<'init'> & { readonly model: string; readonly sessionId: string })
  | (Entry<'tool_result'> & { readonly toolUseId: string; readonly content: string; readonly isError: boolean })
) & {
  /** The tool call whose sub-agent this belongs to; absent for the agent itself. */
  readonly parentToolUseId?: string
}
