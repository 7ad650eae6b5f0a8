import type { ModelRequest } from './model-request.ts'
import type { ErrorReply, Reply, ReplyBlock } from './reply.ts'
import type { Scenario } from './scenario.ts'
import { shellCall } from './shell-call.ts'

const words = (value: string, count: number): string => value.split(/\s+/).filter(Boolean).slice(0, count).join(' ')
const say = (value: string): ReplyBlock => ({ type: 'text', text: value })
const answer = (...blocks: ReplyBlock[]): Reply => ({ kind: 'message', blocks })

/** The head of the prompt as a person would quote it. */
function quoted(request: ModelRequest): string {
  const head = words(request.prompt, 12)
  return head === '' ? 'nothing' : `“${head}${head.length < request.prompt.trim().length ? ' …' : ''}”`
}

function titleOr(request: ModelRequest, reply: () => Reply): Reply {
  // OpenCode asks for a title beside the first answer; Claude Code does so in interactive mode.
  return request.side ? answer(say(words(request.prompt, 5) || 'Empty prompt')) : reply()
}

/** The command between backticks in the prompt, so that a caller can say what is to be run. */
function commandOf(request: ModelRequest): string {
  return /`([^`]+)`/.exec(request.prompt)?.[1] ?? 'pwd && ls -A | head -n 5 && uname -s'
}

function report(request: ModelRequest): ReplyBlock {
  const lines = request.toolResults.join('\n').trimEnd().split('\n')
  const shown = lines.slice(0, 8).join('\n')
  const more = lines.length > 8 ? `\n… and ${lines.length - 8} more lines` : ''
  return say(`You asked: ${quoted(request)}. The command said:\n\n${shown}${more}`)
}

const text: Scenario = (request) =>
  titleOr(request, () =>
    answer(say(`You asked: ${quoted(request)}. This is turn ${request.turn} of our conversation.`)),
  )

const tool: Scenario = (request) =>
  titleOr(request, () =>
    request.step === 0
      ? answer(say('I will run a command to find out.'), shellCall(request, commandOf(request), 'Look around'))
      : answer(report(request)),
  )

const drip: Scenario = (request) =>
  titleOr(request, () => ({
    kind: 'message',
    blocks: [say(`Slowly now: you asked ${quoted(request)} and here it comes, piece by piece, until all is said.`)],
    pieceDelayMs: 200,
  }))

const thought: ReplyBlock = {
  type: 'thinking',
  text: 'The request is short. I look at the workspace first, then answer.',
}

const thinking: Scenario = (request) =>
  titleOr(request, () => answer(thought, say(`After some thought: you asked ${quoted(request)}.`)))

const thinkingTool: Scenario = (request) =>
  titleOr(request, () =>
    request.step === 0
      ? answer(thought, shellCall(request, commandOf(request), 'Look around'))
      : answer({ type: 'thinking', text: 'The command answered; now I can.' }, report(request)),
  )

// The sub-agent is recognized by its task, which no user's prompt contains.
const errand = 'List the files of this directory and report their names.'

const subagent: Scenario = (request) =>
  titleOr(request, () => {
    if (request.prompt.startsWith(errand)) {
      return request.step === 0
        ? answer(shellCall(request, 'ls -A | head -n 5', 'List files'))
        : answer(say(`Found: ${words(request.toolResults.join(' '), 10) || 'no files'}.`))
    }
    if (request.api === 'responses') return codexSubagent(request)
    if (request.step > 0) return answer(say(`The sub-agent reported. You asked: ${quoted(request)}.`))
    const input = { description: 'List the files', prompt: errand, subagent_type: subagentType(request) }
    return request.api === 'chat'
      ? answer(say('I delegate this.'), { type: 'tool', name: 'task', input })
      : answer(say('I delegate this.'), { type: 'tool', name: 'Agent', input: { ...input, run_in_background: false } })
  })

/** Codex starts a sub-agent with one call and waits for it with another. */
function codexSubagent(request: ModelRequest): Reply {
  const named = (name: string): string => request.tools.find((offered) => offered.endsWith(`/${name}`)) ?? name
  if (request.step === 0) {
    return answer(say('I delegate this.'), { type: 'tool', name: named('spawn_agent'), input: { message: errand } })
  }
  const agentId = /"(?:agent_id|id)":\s*"([^"]+)"/.exec(request.toolResults.join('\n'))?.[1]
  if (request.step === 1 && agentId !== undefined) {
    const wait = { targets: [agentId], timeout_ms: 30_000 }
    return answer({ type: 'tool', name: named('wait_agent'), input: wait })
  }
  return answer(say(`The sub-agent reported. You asked: ${quoted(request)}.`))
}

const subagentType = (request: ModelRequest): string => (request.api === 'chat' ? 'general' : 'general-purpose')

const writeFile: Scenario = (request) =>
  titleOr(request, () => {
    if (request.step > 0) return answer(say('The note is written.'))
    const content = `Asked: ${request.prompt}\n`
    return answer(
      say('I write a note.'),
      shellCall(request, `printf '%s' ${shellQuoted(content)} > note.txt && cat note.txt`, 'Write a note'),
    )
  })

const shellQuoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`

/** Calls a tool repeatedly, whatever its result: for step and budget limits. */
const loop: Scenario = (request) =>
  titleOr(request, () =>
    answer(say(`Step ${request.step + 1}.`), shellCall(request, `echo step ${request.step + 1}`, 'Go on')),
  )

const big: Scenario = (request) =>
  titleOr(request, () => {
    const line = 'All work and no play makes a long answer, and this is one line of it.\n'
    return answer(say(line.repeat(Math.ceil(1_048_576 / line.length))))
  })

const unicode: Scenario = (request) =>
  titleOr(request, () => answer(say(`Grüße, 世界 – \u2028\u200b👩‍💻 e\u0301 ${quoted(request)}`)))

const empty: Scenario = (request) => titleOr(request, () => answer())

const cut: Scenario = (request) =>
  titleOr(request, () => ({
    kind: 'message',
    blocks: [say(`This answer to ${quoted(request)} will be cut off before its end.`)],
    cutAfterPieces: 2,
  }))

const nullStop: Scenario = (request) =>
  titleOr(request, () => ({ kind: 'message', blocks: [say('I stop without a reason.')], stop: 'none' }))
const maxTokens: Scenario = (request) =>
  titleOr(request, () => ({ kind: 'message', blocks: [say('This answer is too')], stop: 'length' }))
const refusal: Scenario = (request) =>
  titleOr(request, () => ({ kind: 'message', blocks: [say('I will not.')], stop: 'refusal' }))

function fails(status: number, type: string, message: string, headers?: Record<string, string>): Scenario {
  const reply: ErrorReply = { kind: 'error', status, type, message, ...(headers ? { headers } : {}) }
  return () => reply
}

/** Anthropic reports a reached plan limit in headers, ChatGPT in the body. */
function usageLimit(anthropic: Scenario): Scenario {
  return (request, context) =>
    request.api === 'responses'
      ? {
          kind: 'error',
          status: 429,
          type: 'usage_limit_reached',
          message: 'The usage limit has been reached',
          details: { plan_type: 'plus', resets_at: 4_102_444_800 },
        }
      : anthropic(request, context)
}

/** The Responses API says so inside its stream. */
function promptTooLong(plain: Scenario): Scenario {
  const error = {
    code: 'context_length_exceeded',
    message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
  }
  const event = { type: 'response.failed', response: { id: 'resp_failed', status: 'failed', error } }
  const body = `event: response.failed\ndata: ${JSON.stringify(event)}\n\n`
  return (request, context) => (request.api === 'responses' ? { kind: 'raw', body } : plain(request, context))
}

const failures = {
  '401': fails(401, 'authentication_error', 'invalid x-api-key'),
  '402': fails(402, 'billing_error', 'Payment required: your account has no funds left.'),
  '403': fails(403, 'permission_error', 'Your API key does not have permission to use the specified resource.'),
  '429': fails(429, 'rate_limit_error', 'This request would exceed your rate limit.', { 'retry-after': '1' }),
  quota: fails(
    429,
    'insufficient_quota',
    'You exceeded your current quota, please check your plan and billing details.',
  ),
  'usage-limit': usageLimit(
    fails(429, 'rate_limit_error', "This request would exceed your account's rate limit.", {
      // As Anthropic reports it to subscribers; the reset is 2100-01-01, so that the same request gets the same answer.
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': '4102444800',
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-overage-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-utilization': '1',
      'anthropic-ratelimit-unified-5h-reset': '4102444800',
    }),
  ),
  '500': fails(500, 'api_error', 'Internal server error'),
  // Says when to retry, so that clients give up within seconds instead of a minute.
  '503': fails(503, 'api_error', 'Service unavailable', { 'retry-after': '1' }),
  '529': fails(529, 'overloaded_error', 'Overloaded'),
  billing: fails(
    400,
    'invalid_request_error',
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  ),
  'prompt-too-long': promptTooLong(
    fails(400, 'invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum'),
  ),
} satisfies Record<string, Scenario>

/** Fails the first request and serves the `text` scenario from then on. */
const once =
  (failure: Scenario): Scenario =>
  (request, context) =>
    context.earlier === 0 && !request.side ? failure(request, context) : text(request, context)

/** The scenarios by name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  text,
  tool,
  drip,
  thinking,
  'thinking-tool': thinkingTool,
  subagent,
  write: writeFile,
  loop,
  big,
  unicode,
  empty,
  cut,
  'cut-once': once(cut),
  hang: () => ({ kind: 'hang' }),
  'null-stop': nullStop,
  'max-tokens': maxTokens,
  refusal,
  ...failures,
  '429-once': once(failures['429']),
  '500-once': once(failures['500']),
  '529-once': once(failures['529']),
}
