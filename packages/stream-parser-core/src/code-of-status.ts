import type { AgentErrorCode } from './agent-error-code.ts'

/** The code for an HTTP status of a model's API, where nothing more exact is known. */
export function codeOfStatus(status: number | null): AgentErrorCode | undefined {
  if (status === null) return undefined
  // 407: the proxy requires a login.
  if (status === 401 || status === 403 || status === 407) return 'auth_failed'
  if (status === 402) return 'billing_required'
  // 451: not offered where the request came from.
  if (status === 404 || status === 451) return 'model_unavailable'
  if (status === 413) return 'context_overflow'
  if (status === 429) return 'rate_limited'
  if (status === 529) return 'overloaded'
  if (status === 408 || status >= 500) return 'upstream_error'
  return status >= 400 ? 'bad_request' : undefined
}
