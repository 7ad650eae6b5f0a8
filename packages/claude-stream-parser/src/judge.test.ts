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
