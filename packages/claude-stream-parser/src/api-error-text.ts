import {
  type AgentErrorCode,
  bounded,
  codeOfNames,
  codeOfSentence,
  type ProviderError,
  readProviderError,
} from '@agent-jobs/stream-parser-core'

/** What the CLI's own words say of an API error. */
export interface ApiErrorText {
  readonly status: number | null
  /** The error's name in the API's answer, which the CLI quotes. */
  readonly type: string | null
  /** The code of one of the CLI's constants, or of an exact name or sentence of the provider. */
  readonly code: AgentErrorCode | null
  /** How it begins. */
  readonly said: string
  /** The quoted answer. */
  readonly answer: ProviderError | null
}

// The CLI's constants, from their beginning: docs/agent-clis.md#limit-texts-of-claude-code. A rate limit passes in
// minutes; a used-up plan in hours or days.
const constants: readonly (readonly [RegExp, AgentErrorCode])[] = [
  [
    /^(?:Rate limit reached|Request rejected \(429\)|Server is temporarily limiting requests|You.ve hit your rate limit)\b/,
    'rate_limited',
  ],
  [/^(?:Repeated 529 Overloaded errors|Overloaded|The server is overloaded)\b/, 'overloaded'],
  [
    /^(?:Invalid API key|Not logged in|Please run \/login|Failed to authenticate|OAuth token (?:has expired|revoked)|Your account does not have access to Claude Code|This organization has been disabled|Your organization (?:has disabled|does not have access))\b/,
    'auth_failed',
  ],
  [/^There's an issue with the selected model\b/, 'model_unavailable'],
  [/^(?:Your )?[Cc]redit balance is too low\b/, 'billing_required'],
  [/^(?:Prompt is too long|Context limit reached)\b/, 'context_overflow'],
  [/^Claude(?: AI)? usage limit reached\b/, 'quota_exhausted'],
  [
    /^(?:(?:[\w-]+ ){0,3}(?:hour|session|daily|weekly|monthly|opus|sonnet|haiku|fable|usage|spend|credit)) limit reached\b/i,
    'quota_exhausted',
  ],
  [/^(?:\d+-hour) limit reached\b/i, 'quota_exhausted'],
  [
    /^You(?:.ve| have) (?:hit|reached|used up|used all of) your (?:[\w'’.-]+ ){0,6}(?:limits?|usage|credits|quota)\b/i,
    'quota_exhausted',
  ],
  [/^Extra usage is required\b/i, 'quota_exhausted'],
  [/^You(?:.re| are) out of (?:extra )?usage\b/i, 'quota_exhausted'],
  [
    /^Your (?:org|organization|group|team|account|plan)(?:.s usage limit| is out of usage| has (?:reached|hit|used)| usage limit)\b/i,
    'quota_exhausted',
  ],
  [/^Claude's response exceeded the \d+ output token maximum\b/, 'output_limit'],
  [/^Claude Code is unable to respond to this request\b/, 'model_refusal'],
]

/** Reads words of the CLI itself (never a model's); null when they tell of no API error. */
export function readApiErrorText(said: string): ApiErrorText | null {
  const quoted =
    /^(?:Failed to authenticate\. |Please run \/login · )?API Error(?: \([^)]{1,200}\))?: ?(?:(\d{3})\b ?)?(.*)$/s.exec(
      said,
    )
  const rest = quoted?.[2] ?? said
  // After the CLI's own text comes the provider's sentence.
  const sentence = /^Request rejected \(\d{3}\) · (.*)$/s.exec(rest)?.[1]
  const answer = quoted === null ? null : readProviderError(rest)
  // What the provider says itself is more exact than the words that the CLI puts before it.
  const code =
    codeOfNames(answer?.names ?? []) ??
    sentenceIn([...(answer?.messages ?? []), ...(sentence === undefined ? [] : [sentence])]) ??
    constantIn(rest) ??
    constantIn(said)
  if (code === undefined && quoted === null) return null
  return {
    status: quoted?.[1] === undefined ? (answer?.status ?? null) : Number(quoted[1]),
    type: answer?.names[0] ?? null,
    code: code ?? null,
    said: bounded(said, 200),
    answer,
  }
}

function sentenceIn(messages: readonly string[]): AgentErrorCode | undefined {
  for (const message of messages) {
    const code = codeOfSentence(message) ?? constantIn(message)
    if (code !== undefined) return code
  }
  return undefined
}

function constantIn(text: string): AgentErrorCode | undefined {
  return constants.find(([pattern]) => pattern.test(text))?.[1]
}
