import { identifier } from './identifiers.ts'
import type { ModelApi } from './model-request.ts'

/** An error in the form of the API that was asked. */
export function errorBody(
  api: ModelApi,
  type: string,
  message: string,
  random: () => number,
  details: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return api === 'messages'
    ? { type: 'error', error: { type, message }, request_id: identifier('req_01', random) }
    : { error: { message, type, param: null, code: type, ...details } }
}
