import { errorMessage } from '@agent-jobs/primitives'

/** Why Paperclip aborted a run. */
export type AbortCause =
  /** It was cancelled: the Job is stopped. */
  | { readonly kind: 'cancelled'; readonly by: string }
  /** This server no longer owns the run: its Job goes on, and another run adopts it. */
  | { readonly kind: 'disowned' }

/**
 * Reads why a run was aborted; null when it was not. Paperclip tells the cases apart only by the message of the signal's
 * reason (docs/paperclip-facts.md#abort-reasons), so this is the one place that looks at it.
 */
export function abortCause(signal: AbortSignal): AbortCause | null {
  if (!signal.aborted) return null
  const message = errorMessage(signal.reason)
  return /\blease lost\b/i.test(message) ? { kind: 'disowned' } : { kind: 'cancelled', by: message }
}
