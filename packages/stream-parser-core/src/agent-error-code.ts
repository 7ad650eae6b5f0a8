/**
 * Why a run of an agent failed. Both parsers of this project speak this one vocabulary; a run that
 * succeeded has no code (`null`).
 */
export const agentErrorCodes = [
  'auth_failed',
  'billing_required',
  'quota_exhausted',
  'rate_limited',
  'overloaded',
  'upstream_error',
  'bad_request',
  'model_unavailable',
  'model_refusal',
  'context_overflow',
  'output_limit',
  'max_turns',
  'max_budget',
  'structured_output_failed',
  'session_unavailable',
  'start_failed',
  'truncated',
  'interrupted',
  'empty_response',
  'agent_failed',
] as const

/** One of {@link agentErrorCodes}. */
export type AgentErrorCode = (typeof agentErrorCodes)[number]
