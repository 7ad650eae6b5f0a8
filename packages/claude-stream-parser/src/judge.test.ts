import { describe, expect, it } from 'vitest'
import { fieldRecording } from './__fixtures__/field-cases.ts'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { type ClaudeSummary, createClaudeParser, type ProcessEnd } from './index.ts'

const json = (value: unknown): string => `${JSON.stringify(value)}\n`
const init = json({ type: 'system', subtype: 'init', session_id: 's', model: 'm' })
const said = json({
  type: 'assistant',
  session_id: 's',
  message: { id: '1', model: 'm', content: [{ type: 'text', text: 'Hi' }] },
})
const success = json({
  type: 'result',
  subtype: 'success',
  is_error: false,
  result: 'Hi',
  num_turns: 1,
  session_id: 's',
})

function judged(text: string, end: ProcessEnd = {}): ClaudeSummary {
  const parser = createClaudeParser()
  parser.feed(text)
  return parser.end(end)
}

const result = (members: Record<string, unknown>): string =>
  json({ type: 'result', subtype: 'success', is_error: true, num_turns: 1, result: 'text', ...members })

describe('a run without a result', () => {
  it.each<[ProcessEnd, string]>([
    [{}, 'truncated'],
    [{ exitCode: 0 }, 'truncated'],
    [{ exitCode: 1 }, 'truncated'],
    [{ exitCode: 143 }, 'interrupted'],
    [{ exitCode: 137 }, 'interrupted'],
    [{ exitCode: 130 }, 'interrupted'],
    [{ signal: 'SIGTERM' }, 'interrupted'],
    [{ signal: 'SIGKILL', exitCode: null }, 'interrupted'],
    [{ exitCode: 139 }, 'agent_failed'],
    [{ signal: 'SIGSEGV' }, 'agent_failed'],
  ])('that ended with %o is %s', (end, code) => expect(judged(init + said, end).errorCode).toBe(code))

  it('and without a word of the model did not get started', () => {
    expect(judged(init, { exitCode: 1 })).toMatchObject({ errorCode: 'start_failed', sessionStarted: true })
    expect(judged(init).errorCode).toBe('truncated')
  })

  it('that gave up while it retried has the error of the retry', () => {
    const retry = json({ type: 'system', subtype: 'api_retry', attempt: 3, error_status: 529, error: 'overloaded' })
    expect(judged(init + retry, { exitCode: 1 }).errorCode).toBe('overloaded')
    expect(judged(init + retry, { exitCode: 143 }).errorCode).toBe('interrupted')
  })

  it('whose last word was an API error has that error', () => {
    const error = json({
      type: 'assistant',
      error: 'billing_error',
      message: { content: [{ type: 'text', text: 'No credit' }] },
    })
    expect(judged(init + error)).toMatchObject({ errorCode: 'billing_required', errorMessage: 'No credit' })
  })

  it('and without any line is judged by the words of the start-up', () => {
    const stderr = '\u001b[91mError: \u001b[0mNo conversation found with session ID: x\n'
    expect(judged('', { exitCode: 1, stderr: 'No conversation found with session ID: x' }).errorCode).toBe(
      'session_unavailable',
    )
    expect(judged('', { exitCode: 1, stderr }).errorCode).toBe('session_unavailable')
    expect(judged('No conversation found to continue\n', { exitCode: 1 }).errorCode).toBe('session_unavailable')
    expect(judged('', { exitCode: 1, stderr: 'error: unknown option' })).toMatchObject({
      errorCode: 'start_failed',
      errorMessage: 'error: unknown option (exit code 1)',
    })
    expect(judged('', { exitCode: 127 }).errorCode).toBe('start_failed')
    expect(judged('').errorCode).toBe('start_failed')
    expect(judged('', { exitCode: 0 }).errorCode).toBe('empty_response')
    expect(judged('', { signal: 'SIGKILL' }).errorCode).toBe('interrupted')
  })

  it('is not judged by stderr when the stream says more', () => {
    const stderr = 'No conversation found with session ID: x'
    expect(judged(init + said, { exitCode: 1, stderr }).errorCode).toBe('truncated')
    expect(judged(init + said + success, { exitCode: 0, stderr }).errorCode).toBeNull()
  })
})

describe('an interruption before the first answer', () => {
  const marker = (more: object = {}): string =>
    json({ type: 'user', message: { content: [{ type: 'text', text: '[Request interrupted by user]' }] }, ...more })

  it('is told by the line that Claude Code writes then, although it exits with 0 and without a result', () => {
    expect(judged(init + marker(), { exitCode: 0 })).toMatchObject({
      errorCode: 'interrupted',
      evidence: [{ source: 'user', line: 2 }, { field: 'result' }, { field: 'exitCode' }],
    })
  })

  it('is not told by words in another place', () => {
    expect(judged(init + marker({ isSynthetic: true }), { exitCode: 0 }).errorCode).toBe('truncated')
    expect(judged(init + marker({ parent_tool_use_id: 't' }), { exitCode: 0 }).errorCode).toBe('truncated')
    expect(judged(init + marker() + said, { exitCode: 0 }).errorCode).toBe('truncated')
  })
})

describe('a run with a result', () => {
  it.each<[ProcessEnd, string | null]>([
    [{}, null],
    [{ exitCode: 0 }, null],
    [{ exitCode: 1 }, null],
    [{ exitCode: 143 }, null],
    [{ signal: 'SIGKILL' }, null],
  ])('of success that ended with %o is %s', (end, code) =>
    expect(judged(init + said + success, end).errorCode).toBe(code),
  )

  it('is interrupted when it was stopped while a task was pending', () => {
    const task = json({ type: 'system', subtype: 'task_started', task_id: 'a', is_backgrounded: true })
    const all = init + task + said + success
    expect(judged(all, { signal: 'SIGTERM' }).errorCode).toBe('interrupted')
    expect(judged(all, { exitCode: 0 })).toMatchObject({ errorCode: null, finished: false, pendingTasks: 1 })
    expect(judged(all)).toMatchObject({ errorCode: null, finished: false })
  })

  it('is interrupted when its stop killed a background task', () => {
    const task = json({ type: 'system', subtype: 'background_tasks_changed', tasks: [{ task_id: 'a' }] })
    const killed = json({ type: 'system', subtype: 'task_notification', task_id: 'a', status: 'stopped' })
    const all = init + task + said + success + killed
    expect(judged(all, { exitCode: 143 }).errorCode).toBe('interrupted')
    // SIGINT: the CLI answers it with exit code 0.
    expect(judged(all, { exitCode: 0 }).errorCode).toBe('interrupted')
  })

  it('is truncated when another turn had begun', () => {
    expect(judged(init + said + success + init + said).errorCode).toBe('truncated')
    expect(judged(init + said + success + init + said, { exitCode: 0 }).errorCode).toBe('truncated')
    expect(judged(init + said + success + init + said, { exitCode: 143 }).errorCode).toBe('interrupted')
  })

  it.each<[Record<string, unknown>, string]>([
    [{ subtype: 'error_max_turns' }, 'max_turns'],
    [{ subtype: 'error_max_budget_usd' }, 'max_budget'],
    [{ subtype: 'error_max_structured_output_retries' }, 'structured_output_failed'],
    [{ subtype: 'error_something_new' }, 'agent_failed'],
    [{ subtype: 'error_during_execution', terminal_reason: 'aborted_streaming' }, 'interrupted'],
    [{ subtype: 'error_during_execution', startup_failure_reason: 'cwd_unavailable' }, 'start_failed'],
    [
      { subtype: 'error_during_execution', startup_failure_reason: 'session_held_by_background' },
      'session_unavailable',
    ],
    [{ api_error_status: 404 }, 'model_unavailable'],
    [{ api_error_status: null, terminal_reason: 'api_error' }, 'upstream_error'],
    [{}, 'agent_failed'],
    [{ stop_reason: 'refusal', is_error: false }, 'model_refusal'],
  ])('%o is %s', (members, code) => expect(judged(init + result(members), { exitCode: 1 }).errorCode).toBe(code))

  it('of an unknown session is told by the errors of a result without a turn, never by an answer', () => {
    const errors = ['--resume requires a valid session ID or session title when used with --print.']
    const unknown = result({ subtype: 'error_during_execution', num_turns: 0, result: undefined, errors })
    expect(judged(unknown, { exitCode: 1 }).errorCode).toBe('session_unavailable')
    expect(
      judged(init + result({ is_error: false, result: 'No conversation found with session ID: x' })).errorCode,
    ).toBeNull()
    expect(judged(init + result({ result: 'No conversation found with session ID: x' })).errorCode).toBe('agent_failed')
  })

  it('of an error during execution is an interruption when Claude Code exits with 0 or by a signal', () => {
    const failed = init + said + result({ subtype: 'error_during_execution', errors: ['x'] })
    expect(judged(failed, { exitCode: 0 }).errorCode).toBe('interrupted')
    expect(judged(failed, { signal: 'SIGINT' }).errorCode).toBe('interrupted')
    expect(judged(failed, { exitCode: 1 }).errorCode).toBe('agent_failed')
    expect(judged(failed)).toMatchObject({ errorCode: 'agent_failed', errorMessage: 'x' })
  })

  it('is empty only when nothing was said, asked for or computed', () => {
    const nothing = { is_error: false, result: '', usage: { output_tokens: 0 } }
    expect(judged(init + result(nothing)).errorCode).toBe('empty_response')
    expect(judged(init + result({ ...nothing, local_command: 'compact' })).errorCode).toBeNull()
    expect(judged(init + result({ ...nothing, structured_output: { a: 1 } })).errorCode).toBeNull()
    const busy = { ...nothing, usage: { output_tokens: 9 } }
    expect(judged(init + result(busy)).errorCode).toBeNull()
    const block = (content: object): string => json({ type: 'assistant', message: { model: 'm', content: [content] } })
    expect(judged(init + block({ type: 'thinking', thinking: 'Hm' }) + result(busy)).errorCode).toBe('empty_response')
    expect(judged(init + block({ type: 'tool_use', name: 'Bash' }) + result(busy)).errorCode).toBeNull()
  })

  it('keeps the answer when a turn without a model follows', () => {
    const modelless = result({ is_error: false, result: '', num_turns: 0 })
    expect(judged(init + said + success + modelless)).toMatchObject({ errorCode: null, result: 'Hi', results: 2 })
  })

  it('keeps the answer when the spurious error of an old version follows', () => {
    const errors = ['only prompt commands are supported in streaming mode']
    const zeroed = { subtype: 'error_during_execution', num_turns: 0, duration_ms: 0, result: undefined, errors }
    expect(judged(init + said + success + result(zeroed), { exitCode: 0 })).toMatchObject({
      errorCode: null,
      result: 'Hi',
    })
    expect(judged(init + said + success + result({ ...zeroed, duration_ms: 9 })).errorCode).toBe('agent_failed')
    expect(judged(init + said + success + result({ ...zeroed, terminal_reason: 'turn_setup_failed' })).errorCode).toBe(
      'agent_failed',
    )
  })

  it('has the error of its own turn, not one that it recovered from', () => {
    const error = json({ type: 'assistant', error: 'rate_limit', api_error_status: 429, message: { content: [] } })
    expect(judged(init + error + said + success).errorCode).toBeNull()
    expect(judged(init + error + said + result({ terminal_reason: 'api_error' })).errorCode).toBe('upstream_error')
  })

  it('is not judged by the errors of an earlier turn', () => {
    const error = json({
      type: 'assistant',
      error: 'billing_error',
      message: { content: [{ type: 'text', text: 'x' }] },
    })
    const refused = json({ type: 'system', subtype: 'model_refusal_no_fallback' })
    const failed = init + error + refused + result({})
    expect(judged(failed).errorCode).toBe('model_refusal')
    expect(judged(failed + result({})).errorCode).toBe('agent_failed')
  })

  it('is not judged by the errors of a sub-agent', () => {
    const error = json({
      type: 'assistant',
      parent_tool_use_id: 't',
      error: 'billing_error',
      message: { content: [{ type: 'text', text: 'x' }] },
    })
    expect(judged(init + error + result({})).errorCode).toBe('agent_failed')
  })
})

describe('evidence', () => {
  it.each([
    ['auth-401', { source: 'assistant', field: 'error', value: 'authentication_failed', line: 4 }],
    ['server-500', { source: 'result', field: 'api_error_status', value: 500, line: 5 }],
    ['rate-limit-429-usage-oauth', { source: 'result', field: 'api_error', value: 'usage_limit_reached', line: 4 }],
    ['context-window', { source: 'assistant', field: 'api_error_params.cut', value: 'context_window', line: 9 }],
    ['sigterm-tool', { source: 'exit_code', field: 'exitCode', value: 143 }],
    ['sigkill-midline', { source: 'signal', field: 'signal', value: 'SIGKILL' }],
    ['success', { source: 'result', field: 'is_error', value: false, line: 3 }],
    ['bad-flag', { source: 'stderr', field: 'text', value: "error: unknown option '--no-such-flag'" }],
  ])('of %s names what was seen and where', (name, evidence) => {
    const { stdout, end } = recording(name)
    const parser = createClaudeParser()
    parser.feed(stdout)
    expect(parser.end(end).evidence).toContainEqual(evidence)
  })
})

describe('any cut of a recording', () => {
  const cuttable = recordings.filter(
    ({ stdout, name }) => stdout.length > 0 && stdout.length < 60_000 && name !== 'format-json',
  )

  it.each(cuttable)('$name: is never a success before its result, and names the signal that cut it', ({ stdout }) => {
    const text = new TextDecoder().decode(stdout)
    const resultAt = text.split('\n').findIndex((line) => line.includes('"type":"result"'))
    const lines = text.split('\n').slice(0, resultAt < 0 ? undefined : resultAt)
    for (let count = 1; count <= lines.length; count++) {
      const whole = `${lines.slice(0, count).join('\n')}\n`
      for (const cut of [whole, whole.slice(0, -20)]) {
        expect(judged(cut, { exitCode: 0 }).errorCode).not.toBeNull()
        expect(judged(cut).errorCode).not.toBeNull()
        expect(judged(cut, { signal: 'SIGKILL' }).errorCode).toBe('interrupted')
      }
    }
  })
})

describe('the result of an earlier run’s task', () => {
  const lines = fieldRecording('real-bg')
  const upTo = (count: number): string => `${lines.slice(0, count).join('\n')}\n`

  it.each([3, 4, 5])('does not make a success of a run that is killed after line %i', (count) => {
    expect(judged(upTo(count), { exitCode: 143 })).toMatchObject({ errorCode: 'interrupted', finished: false })
    expect(judged(upTo(count)).errorCode).toBe('truncated')
  })

  it('is not the answer of the run, and its turn is counted', () => {
    expect(judged(upTo(6), { exitCode: 0 })).toMatchObject({ errorCode: null, results: 2, numTurns: 1 })
  })
})

describe('a conversation', () => {
  const failed = (text: string, members: object = {}): string =>
    init +
    json({
      type: 'assistant',
      error: 'unknown',
      message: { model: '<synthetic>', content: [{ type: 'text', text }] },
      ...members,
    }) +
    result({ result: text })

  it.each([
    [
      'API Error: 400 messages.3.content.1: `tool_use` ids were found without `tool_result` blocks',
      'bad_request',
      true,
    ],
    [
      'API Error: 400 due to tool use concurrency issues. Run /rewind to recover the conversation.',
      'bad_request',
      true,
    ],
    ['API Error: 400 temperature: must be between 0 and 1', 'bad_request', false],
    [
      'API Error: 400 You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
      'quota_exhausted',
      false,
    ],
    ['API Error: 407 Proxy Authentication Required', 'auth_failed', false],
    ['API Error: 451 Unavailable For Legal Reasons', 'model_unavailable', false],
    ['Invalid API key · Fix external API key', 'auth_failed', false],
    ['Prompt is too long', 'context_overflow', true],
  ])('is refused with %j: %s, cleared: %s', (text, code, clears) => {
    expect(judged(failed(text), { exitCode: 1 })).toMatchObject({ errorCode: code, clearSession: clears })
  })

  it.each([
    ['tool_history_mismatch', true],
    ['effort_requires_thinking', false],
  ])('is refused with the kind %s, cleared: %s', (kind, clears) => {
    expect(judged(init + result({ api_error: kind })).clearSession).toBe(clears)
  })

  it('that is open elsewhere is kept, one that does not exist is cleared', () => {
    const held = { startup_failure_reason: 'session_held_by_background' }
    expect(judged(result(held))).toMatchObject({ errorCode: 'session_unavailable', clearSession: false })
    expect(judged('No conversation found with session ID: x\n', { exitCode: 0 })).toMatchObject({
      errorCode: 'session_unavailable',
      clearSession: true,
    })
  })
})

describe('when a limit ends', () => {
  const limit = (info: object): string => json({ type: 'rate_limit_event', rate_limit_info: info })
  const hit = json({
    type: 'assistant',
    timestamp: '2026-11-29T12:00:00Z',
    error: 'rate_limit',
    message: { model: '<synthetic>', content: [{ type: 'text', text: "You've hit your limit · resets 3pm (UTC)" }] },
  })

  it('is what the window says that refuses, whatever comes after it', () => {
    const stream =
      init +
      limit({ status: 'rejected', rateLimitType: 'seven_day', resetsAt: 1_796_000_000 }) +
      limit({ status: 'allowed', rateLimitType: 'five_hour', resetsAt: 1_795_000_000 }) +
      hit +
      result({ api_error_status: 429 })
    expect(judged(stream)).toMatchObject({
      errorCode: 'quota_exhausted',
      retryNotBeforeMs: 1_796_000_000_000,
      rateLimit: { rateLimitType: 'seven_day' },
    })
  })

  it('is not what a window said that opened again', () => {
    const stream =
      init +
      limit({ status: 'rejected', rateLimitType: 'five_hour', resetsAt: 1_796_000_000 }) +
      limit({ status: 'allowed', rateLimitType: 'five_hour', resetsAt: 1_797_000_000 }) +
      hit +
      result({})
    expect(judged(stream).retryNotBeforeMs).toBe(Date.UTC(2026, 10, 29, 15))
  })

  it('is the later of two windows that refuse', () => {
    const windows = {
      five_hour: { status: 'rejected', resetsAt: 1_796_000_000 },
      seven_day: { status: 'rejected', resetsAt: 1_796_500_000 },
    }
    expect(
      judged(init + limit({ status: 'rejected', unifiedWindows: windows }) + hit + result({})).retryNotBeforeMs,
    ).toBe(1_796_500_000_000)
  })

  it('is what the sentence says, by the given clock where the line has no time', () => {
    const parser = createClaudeParser({ now: () => Date.UTC(2026, 10, 29, 16) })
    parser.feed(init + result({ result: "You've hit your limit · resets 3pm (Europe/Berlin)" }))
    expect(parser.end({ exitCode: 1 })).toMatchObject({
      errorCode: 'quota_exhausted',
      retryNotBeforeMs: Date.UTC(2026, 10, 30, 14),
    })
  })
})

describe('the answer', () => {
  const text = (value: string, id = '1', more: object = {}): string =>
    json({
      type: 'assistant',
      session_id: 's',
      message: { id, model: 'm', content: [{ type: 'text', text: value }] },
      ...more,
    })
  const call = json({
    type: 'assistant',
    message: { id: '1', model: 'm', content: [{ type: 'tool_use', id: 't', name: 'Bash' }] },
  })
  const ok = (value: string): string => result({ is_error: false, result: value })

  it.each([
    ['two blocks of one message', text('{"a":') + text('1}') + ok('1}'), '{"a":1}'],
    ['two messages', text('First.') + text('Second.', '2') + ok('Second.'), 'Second.'],
    ['a text followed by a tool call', text('I moved it.') + call + ok(''), 'I moved it.'],
    ['an empty result', text('Hello.') + ok(''), 'Hello.'],
    ['a line that comes twice', text('Hi.', '1', { uuid: 'u' }) + text('Hi.', '1', { uuid: 'u' }) + ok('Hi.'), 'Hi.'],
    [
      'a sub-agent that speaks last',
      text('Mine.') + text('Its.', '2', { parent_tool_use_id: 'x' }) + ok('Mine.'),
      'Mine.',
    ],
    ['a result that is not what was said', text('Hello.') + ok('Other'), 'Other'],
    ['a second turn', text('One.') + ok('One.') + text('Two.', '2') + ok('Two.'), 'Two.'],
  ])('is whole after %s', (_, stream, answer) => {
    expect(judged(init + stream).result).toBe(answer)
  })

  it('of a call that is printed twice counts the call once', () => {
    expect(judged(init + call + call + ok('')).toolCalls).toBe(1)
  })

  it('costs nothing below zero', () => {
    const stats = { m: { inputTokens: -5, outputTokens: 3, cacheReadInputTokens: -1, costUSD: -2 } }
    const { usage, costUsd } = judged(
      init + text('x') + result({ is_error: false, modelUsage: stats, total_cost_usd: -2 }),
    )
    expect(Object.values(usage).every((count) => count >= 0)).toBe(true)
    expect(costUsd).toBe(0)
  })
})

describe('a failure', () => {
  it('is told in the words of the error, not of the first warning', () => {
    const stderr = '(node:7) Warning: TLS is off\nError: EACCES: permission denied\n    at open (node:fs:1:1)\n'
    expect(judged('', { exitCode: 1, stderr }).errorMessage).toBe('Error: EACCES: permission denied (exit code 1)')
  })

  it('names the exit code and the last lines of stderr', () => {
    expect(judged(init + said, { exitCode: 7, stderr: 'one\ntwo\n' }).errorMessage).toMatch(
      /\(exit code 7; stderr: one \| two\)$/,
    )
  })

  it('that the launcher ended for a loop says so', () => {
    expect(judged(init + said, { exitCode: 143, stoppedBy: 'loop_limit' })).toMatchObject({
      errorCode: 'agent_failed',
      errorMessage: expect.stringContaining('wrote on and on'),
    })
  })
})
