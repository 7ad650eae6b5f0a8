import {
  type AgentErrorCode,
  classifyProviderError,
  codeOfSentence,
  codeOfStatus,
  isJsonObject,
  objectOf,
  parseJson,
  readProviderError,
  textOf,
} from '@agent-jobs/stream-parser-core'

/** A code, and what the message says to a person. */
export interface FailureVerdict {
  readonly code: AgentErrorCode
  readonly message: string
}

/**
 * The texts that Codex itself writes into `turn.failed` (docs/agent-clis.md#codex-failures). The order matters: a wrapped
 * reason goes before its wrapper. Everything is anchored to the start, because the rest of a message can be a body that
 * someone else wrote.
 */
const ownTexts: readonly (readonly [RegExp, AgentErrorCode])[] = [
  [/^Missing environment variable\b/, 'auth_failed'],
  [/^Your (?:access token|authentication session) could not be refreshed\b/, 'auth_failed'],
  [/^Your (?:refresh|access) token\b/, 'auth_failed'],
  [/^Failed to refresh (?:the |your )?(?:access )?token\b/i, 'auth_failed'],
  [/^Access blocked by Cloudflare\b/, 'auth_failed'],
  [/^Quota exceeded\b/, 'quota_exhausted'],
  [/^You've (?:hit|reached) your (?:\w+ )?usage limit\b/, 'quota_exhausted'],
  [/^(?:Your workspace|You) (?:is|are) out of credits\b/, 'billing_required'],
  [/^To use Codex with your ChatGPT plan\b/, 'billing_required'],
  [/^rate limit exceeded\b/i, 'rate_limited'],
  [/^Rate limit reached\b/, 'rate_limited'],
  [/^Selected model is at capacity\b/, 'overloaded'],
  [/^We're currently experiencing high demand\b/, 'upstream_error'],
  [/^Codex ran out of room in the model's context window\b/, 'context_overflow'],
  [
    /^(?:stream disconnected before completion: )?Incomplete response returned, reason: content_filter\b/,
    'model_refusal',
  ],
  [
    /^(?:stream disconnected before completion: )?Incomplete response returned, reason: max_output_tokens\b/,
    'output_limit',
  ],
  [/^Incomplete response returned\b/, 'upstream_error'],
  [/^stream disconnected before completion\b/, 'upstream_error'],
  [/^(?:stream closed|stream error|Error while reading the server response|error sending request)\b/, 'upstream_error'],
  [/^Connection failed\b/, 'upstream_error'],
  [/^(?:request timed out|timeout|idle timeout)\b/i, 'upstream_error'],
  [/^This (?:request|content|user's account)\b[^.]*\bflagged\b/, 'model_refusal'],
  [/^Invalid prompt\b/, 'model_refusal'],
  [/^The model `[^`]*` (?:does not exist|is not supported)\b/, 'model_unavailable'],
  [/^The '[^']*' model (?:is not supported|requires a newer version)\b/, 'model_unavailable'],
  [/^[^.]*\bdoes not have access to model\b/, 'model_unavailable'],
  [/^(?:interrupted|turn aborted)\b/i, 'interrupted'],
  [
    /^(?:Fatal error|internal error|unsupported operation|sandbox error|spawn failed|agent (?:loop|thread))\b/i,
    'agent_failed',
  ],
]

const status = /^unexpected status (\d{3})\b/
const lastStatus = /^exceeded retry limit, last status: (\d{3})\b/
// The body of an error answer is small; a page in its place is not worth parsing.
const maxBodyChars = 64 * 1024

/** The code of a `turn.failed`, from its message alone. */
export function classifyFailure(message: string): FailureVerdict {
  if (message.trim() === '') return { code: 'agent_failed', message }
  // The CLI writes some texts with U+2019 and others with an apostrophe.
  const plain = message.replaceAll('\u2019', "'")
  const byStatus = statusCode(status.exec(plain)?.[1]) ?? statusCode(lastStatus.exec(plain)?.[1])
  if (byStatus !== undefined) return { code: byStatus, message }
  const known = ownTexts.find(([pattern]) => pattern.test(plain))?.[1]
  if (known !== undefined) return { code: known, message }
  const body = providerError(plain)
  if (body !== null) return body
  // Codex passes on the text of a refused request (HTTP 400) as it is, and gives every other failure words of its own.
  return { code: codeOfSentence(plain) ?? 'bad_request', message }
}

function statusCode(digits: string | undefined): AgentErrorCode | undefined {
  return digits === undefined ? undefined : codeOfStatus(Number(digits))
}

/** The JSON body of an answer, in the shapes of OpenAI (`error`) and of ChatGPT (`detail`). */
function providerError(text: string): FailureVerdict | null {
  if (text.length > maxBodyChars || !text.startsWith('{')) return null
  const value = parseJson(text)
  if (!isJsonObject(value)) return null
  const error = objectOf(value, 'error') ?? value
  const message = textOf(error, 'message') ?? textOf(value, 'detail') ?? text
  const named = classifyProviderError(readProviderError(value), null)?.code
  const known = ownTexts.find(([pattern]) => pattern.test(message))?.[1]
  return { code: (named === 'bad_request' ? known : named) ?? known ?? 'bad_request', message }
}
