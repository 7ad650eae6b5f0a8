import { type AgentErrorCode, readRetryTime } from '@agent-jobs/stream-parser-core'
import { readApiErrorText } from './api-error-text.ts'
import type { RunFacts } from './run-facts.ts'

const passing: ReadonlySet<AgentErrorCode> = new Set<AgentErrorCode>([
  'quota_exhausted',
  'rate_limited',
  'overloaded',
  'billing_required',
])

/**
 * When the API wants to be asked again, in milliseconds since 1970, from the place that states it best: the window that
 * refuses, the error itself, the answer that the CLI quotes, its own sentence. Null when nothing states it.
 */
export function retryNotBefore(code: AgentErrorCode | null, facts: RunFacts, now: () => number): number | null {
  if (code === null || !passing.has(code)) return null
  const { rateLimit, assistantError, result } = facts
  const rejected = rateLimit?.status === 'rejected' ? rateLimit.resetsAtMs : null
  if (rejected !== null) return rejected
  const text = assistantError?.message ?? result?.errors[0] ?? result?.result ?? ''
  const answer = assistantError?.words?.answer ?? readApiErrorText(text)?.answer ?? null
  const sources = { objects: answer?.objects ?? [], messages: [...(answer?.messages ?? []), text] }
  const stated = readRetryTime({ ...sources, atMs: assistantError?.atMs ?? now() })
  return stated?.notBeforeMs ?? null
}
