import {
  type AgentErrorCode,
  bounded,
  isJsonObject,
  numberOf,
  objectOf,
  parseJson,
  textOf,
} from '@agent-jobs/stream-parser-core'

/** What the CLI's own words say of an API error. */
export interface ApiErrorText {
  readonly status: number | null
  /** `error.type` of the API's answer, which the CLI quotes. */
  readonly type: string | null
  /** What one of the CLI's constants stands for. */
  readonly code: AgentErrorCode | null
  /** How it begins. */
  readonly said: string
}

// Claude Code up to 2.1.100 has no member that tells all of its errors apart. These are its constants, from their beginning.
const constants: readonly (readonly [RegExp, AgentErrorCode])[] = [
  [
    /^(?:Invalid API key|Not logged in|Please run \/login|Failed to authenticate|OAuth token (?:has expired|revoked)|Your account does not have access to Claude Code|This organization has been disabled)\b/,
    'auth_failed',
  ],
  [/^There's an issue with the selected model\b/, 'model_unavailable'],
  [/^Credit balance is too low\b/, 'billing_required'],
  [/^Prompt is too long\b/, 'context_overflow'],
  [/^(?:Claude AI usage limit reached\||You've (?:hit|reached) your (?:\w+ )?limit\b)/, 'quota_exhausted'],
  [/^API Error: Claude's response exceeded the \d+ output token maximum\b/, 'output_limit'],
  [/^API Error: Claude Code is unable to respond to this request\b/, 'model_refusal'],
]

/** Reads words of the CLI itself (never a model's); null when they tell of no API error. */
export function readApiErrorText(said: string): ApiErrorText | null {
  const code = constants.find(([pattern]) => pattern.test(said))?.[1] ?? null
  const quoted = /^(?:Failed to authenticate\. |Please run \/login · )?API Error:(?: (\d{3})\b)?(?: (\{.*\}))?/s.exec(
    said,
  )
  if (code === null && quoted === null) return null
  const answer = quoted?.[2] === undefined ? undefined : parseJson(quoted[2])
  const error = isJsonObject(answer) ? objectOf(answer, 'error') : null
  const status = quoted?.[1] === undefined ? numberOf(error, 'status') : Number(quoted[1])
  return { status, type: textOf(error, 'type'), code, said: bounded(said, 200) }
}
