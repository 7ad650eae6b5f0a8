import { isAboutConversation } from '@agent-jobs/stream-parser-core'
import type { Verdict } from './evidence.ts'
import type { RunFacts } from './run-facts.ts'

/** The CLI's own kinds of errors that the messages of the conversation cause, in every later run again. */
const conversationKinds: ReadonlySet<string> = new Set([
  'tool_history_mismatch',
  'pdf_too_large',
  'pdf_password_protected',
])

/**
 * True if the run shows that its conversation cannot continue: it does not exist, is full, used up its turns, or the
 * API refuses its messages. Problems of an account, model, network or setting do not clear it.
 */
export function clearsSession({ code }: Verdict, { result, assistantError }: RunFacts): boolean {
  switch (code) {
    case 'session_unavailable':
      // Open elsewhere, but there.
      return result?.startupFailureReason !== 'session_held_by_background'
    case 'context_overflow':
    case 'max_turns':
      return true
    case 'bad_request':
      return (
        conversationKinds.has(result?.apiError ?? assistantError?.kind ?? '') ||
        result?.terminalReason === 'image_error' ||
        isAboutConversation(assistantError?.words?.answer ?? null)
      )
    default:
      return false
  }
}
