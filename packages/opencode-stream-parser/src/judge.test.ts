import { describe, expect, it } from 'vitest'
import { recordings } from './__fixtures__/recordings.ts'
import { createOpencodeParser, type OpencodeSummary, type ProcessEnd } from './index.ts'

const json = (value: unknown): string => `${JSON.stringify(value)}\n`
const start = json({ type: 'step_start', sessionID: 's', part: { type: 'step-start' } })
const text = (said: string, more: object = {}): string =>
  json({ type: 'text', sessionID: 's', part: { type: 'text', messageID: 'm', text: said, ...more } })
const finish = (reason: string, output = 5): string =>
  json({ type: 'step_finish', sessionID: 's', part: { reason, tokens: { input: 10, output }, cost: 0.5 } })
const error = (name: string, data: object = {}): string =>
  json({ type: 'error', sessionID: 's', error: { name, data } })
const tool = (status: string): string =>
  json({ type: 'tool_use', sessionID: 's', part: { tool: 'bash', callID: 'c', state: { status } } })
const goOn = text('Continue', { synthetic: true, metadata: { compaction_continue: true } })

function judged(stream: string, end: ProcessEnd = {}): OpencodeSummary {
  const parser = createOpencodeParser()
  parser.feed(stream)
  return parser.end(end)
}

describe('the last step', () => {
  it.each<[string, ProcessEnd, string | null]>([
    ['stop', { exitCode: 0 }, null],
    ['stop', {}, null],
    ['stop', { exitCode: 1 }, null],
    ['stop', { signal: 'SIGKILL' }, null],
    ['other', { exitCode: 0 }, 'upstream_error'],
    ['other', {}, 'truncated'],
    ['length', { exitCode: 0 }, 'output_limit'],
    ['content-filter', { exitCode: 0 }, 'model_refusal'],
    ['error', { exitCode: 0 }, 'upstream_error'],
    ['tool-calls', { exitCode: 0 }, 'truncated'],
    ['tool-calls', { signal: 'SIGTERM' }, 'interrupted'],
    ['unknown', { exitCode: 0 }, 'upstream_error'],
    ['unknown', {}, 'truncated'],
  ])('with reason %s and end %o is %s', (reason, end, code) => {
    expect(judged(start + text('Hi') + finish(reason), end).errorCode).toBe(code)
  })

  it('without words and calls is empty, whatever the model thought', () => {
    expect(judged(start + finish('stop', 0), { exitCode: 0 }).errorCode).toBe('empty_response')
    expect(judged(start + finish('stop', 3), { exitCode: 0 }).errorCode).toBe('empty_response')
    expect(judged(start + tool('completed') + finish('stop', 0), { exitCode: 0 }).errorCode).toBeNull()
    expect(judged(start + text('') + finish('stop', 0), { exitCode: 0 }).errorCode).toBe('empty_response')
  })

  it('that a rejected permission ended does not fail when OpenCode exits with 0', () => {
    const stream = start + tool('error') + finish('tool-calls')
    expect(judged(stream, { exitCode: 0 })).toMatchObject({ errorCode: null, answered: false })
    expect(judged(stream).errorCode).toBe('truncated')
    expect(judged(start + tool('completed') + finish('tool-calls'), { exitCode: 0 }).errorCode).toBe('truncated')
  })

  it('that has no end is truncated', () => {
    expect(judged(start + text('Hi'), { exitCode: 0 }).errorCode).toBe('truncated')
    expect(judged(start + finish('tool-calls') + start, { exitCode: 0 }).errorCode).toBe('truncated')
    expect(judged(start + finish('stop').slice(0, -9), { exitCode: 0 })).toMatchObject({
      errorCode: 'truncated',
      evidence: [{ field: 'last line', value: 'cut' }, { field: 'exitCode' }],
    })
  })

  it('before a compaction continues is not an answer', () => {
    expect(judged(start + text('Summary') + finish('stop') + goOn, { exitCode: 0 })).toMatchObject({
      errorCode: 'truncated',
      result: null,
      compactions: 1,
    })
  })
})

describe('an error', () => {
  const answer = start + text('Hi') + finish('stop')

  it.each<[string, object, string]>([
    ['APIError', { statusCode: 400 }, 'bad_request'],
    ['APIError', { statusCode: 401 }, 'auth_failed'],
    ['APIError', { statusCode: 402 }, 'billing_required'],
    ['APIError', { statusCode: 403 }, 'auth_failed'],
    ['APIError', { statusCode: 404 }, 'model_unavailable'],
    ['APIError', { statusCode: 408 }, 'upstream_error'],
    ['APIError', { statusCode: 413 }, 'context_overflow'],
    ['APIError', { statusCode: 429 }, 'rate_limited'],
    ['APIError', { statusCode: 503 }, 'upstream_error'],
    ['APIError', { statusCode: 529 }, 'overloaded'],
    ['APIError', {}, 'upstream_error'],
    ['APIError', { statusCode: 429, responseBody: '{"error":{"code":"insufficient_quota"}}' }, 'quota_exhausted'],
    ['APIError', { statusCode: 400, responseBody: '{"error":{"type":"billing_error"}}' }, 'billing_required'],
    ['APIError', { statusCode: 400, responseBody: '{"error":{"code":"context_length_exceeded"}}' }, 'context_overflow'],
    ['APIError', { statusCode: 503, responseBody: '<html>' }, 'upstream_error'],
    ['APIError', { statusCode: 500, responseBody: '{"error":{"code":42,"type":null}}' }, 'upstream_error'],
    ['ContextOverflowError', {}, 'context_overflow'],
    ['ContentFilterError', {}, 'model_refusal'],
    ['MessageOutputLengthError', {}, 'output_limit'],
    ['MessageAbortedError', {}, 'interrupted'],
    ['StructuredOutputError', {}, 'structured_output_failed'],
    ['ProviderAuthError', {}, 'auth_failed'],
    ['NotFoundError', {}, 'session_unavailable'],
    ['UnknownError', { message: '{"type":"error","error":{"type":"overloaded_error"}}' }, 'overloaded'],
    ['UnknownError', { message: 'JSON Parse error: Unexpected EOF' }, 'upstream_error'],
    ['UnknownError', { message: 'Unexpected server error.', ref: 'err_1' }, 'agent_failed'],
    ['UnknownError', { message: 'No conversation, unauthorized, rate limit, billing' }, 'agent_failed'],
    ['__proto__', {}, 'agent_failed'],
  ])('%s %o is %s', (name, data, code) => expect(judged(error(name, data), { exitCode: 1 }).errorCode).toBe(code))

  it('decides also when OpenCode exits with 0 after it', () => {
    expect(judged(error('APIError', { statusCode: 401 }), { exitCode: 0 }).errorCode).toBe('auth_failed')
  })

  it('that a later answer made up for is none, whatever the exit code', () => {
    const stream = error('ContextOverflowError') + start + text('Summary') + finish('stop') + goOn + answer
    expect(judged(stream, { exitCode: 1 })).toMatchObject({
      errorCode: null,
      recoveredErrors: 1,
      errors: 1,
      result: 'Hi',
    })
  })

  it('is not made up for by the summary of the compaction', () => {
    const stream = error('ContextOverflowError') + start + text('Summary') + finish('stop')
    expect(judged(stream, { exitCode: 1 }).errorCode).toBe('context_overflow')
    expect(judged(stream + goOn, { exitCode: 1 }).errorCode).toBe('context_overflow')
  })

  it('explains more than the signal that ended the loop after it', () => {
    const loop = (error('ContextOverflowError') + start + text('Summary') + finish('stop') + goOn).repeat(3)
    expect(judged(loop, { signal: 'SIGTERM' }).errorCode).toBe('context_overflow')
  })

  it('after an answer fails the run', () => {
    expect(judged(answer + error('APIError', { statusCode: 500 }), { exitCode: 1 }).errorCode).toBe('upstream_error')
  })

  it('inside the server is explained by the log entry that it names, and by no other', () => {
    const stream = error('UnknownError', { message: 'Unexpected server error.', ref: 'err_a1' })
    const log = (ref: string): string =>
      `level=ERROR message=failed ref=${ref} error="ProviderModelNotFoundError: x" cause="y"\n`
    expect(judged(stream, { exitCode: 1, stderr: log('err_a1') })).toMatchObject({
      errorCode: 'model_unavailable',
      errorMessage: 'ProviderModelNotFoundError: x (exit code 1)',
    })
    expect(judged(stream, { exitCode: 1, stderr: log('err_b2') }).errorCode).toBe('agent_failed')
    expect(judged(stream, { stderr: 'ref=err_a1 error="AI_LoadAPIKeyError: no key"' }).errorCode).toBe('auth_failed')
  })
})

describe('silence', () => {
  it.each<[ProcessEnd, string]>([
    [{ exitCode: 1, stderr: '\u001b[91m\u001b[1mError: \u001b[0mSession not found\n' }, 'session_unavailable'],
    [{ exitCode: 1, stderr: 'Error: Config file is not valid JSON' }, 'start_failed'],
    [{ exitCode: 1 }, 'start_failed'],
    [{ exitCode: 0 }, 'empty_response'],
    [{ exitCode: 0, stderr: 'Error: something' }, 'start_failed'],
    [{}, 'start_failed'],
    [{ signal: 'SIGKILL' }, 'interrupted'],
    [{ exitCode: 139 }, 'agent_failed'],
  ])('with end %o is %s', (end, code) => expect(judged('', end).errorCode).toBe(code))

  it('does not take an answer about sessions for an unknown session', () => {
    const stderr = 'Error: Session not found'
    expect(judged(start + text('Session not found') + finish('stop'), { exitCode: 0, stderr }).errorCode).toBeNull()
  })
})

describe('any cut of a recording', () => {
  const cuttable = recordings.filter(
    ({ stdout, meta }) => meta.exit_code === 0 && stdout.length > 0 && stdout.length < 60_000,
  )

  it.each(cuttable)('$name: is never a success by the stream alone before its last line', ({ stdout, name }) => {
    const lines = new TextDecoder().decode(stdout).trimEnd().split('\n')
    for (let count = 1; count < lines.length; count++) {
      const whole = `${lines.slice(0, count).join('\n')}\n`
      // After the summary of a compaction OpenCode prints at once that it goes on; in between it looks like an end.
      const looksLikeEnd = name === 'compaction' && lines[count]?.includes('compaction_continue')
      expect(judged(whole).errorCode === null).toBe(looksLikeEnd === true)
      expect(judged(whole.slice(0, -20), { exitCode: 0 }).errorCode).not.toBeNull()
    }
  })
})

describe('a run that was cut', () => {
  it('is not a success because of a tool error in an earlier step', () => {
    const first = start + tool('error') + finish('tool-calls')
    const second = json({ type: 'step_start', sessionID: 's', part: { id: 'p2', type: 'step-start' } })
    const call = json({
      type: 'tool_use',
      sessionID: 's',
      part: { tool: 'bash', callID: 'c2', state: { status: 'completed' } },
    })
    expect(judged(first, { exitCode: 0 })).toMatchObject({ errorCode: null, answered: false })
    expect(judged(first + second + call + finish('tool-calls'), { exitCode: 0 }).errorCode).toBe('truncated')
    expect(judged(first + second + call, { exitCode: 0 }).errorCode).toBe('truncated')
  })
})

describe('what is printed twice', () => {
  const part = (type: string, id: string, more: object): string =>
    json({ type, sessionID: 's', part: { id, messageID: 'm', ...more } })
  const twice = (line: string): string => line + line
  const call = { tool: 'bash', callID: 'c', state: { status: 'error' } }
  const step = { reason: 'stop', tokens: { input: 10, output: 5, cache: { read: 2, write: 1 } }, cost: 0.5 }

  it('counts once: calls, steps, usage and cost', () => {
    const stream =
      twice(part('step_start', 'a', {})) +
      twice(part('tool_use', 'b', call)) +
      twice(part('text', 'c', { text: 'Done.' })) +
      twice(part('step_finish', 'd', step))
    expect(judged(stream, { exitCode: 0 })).toMatchObject({
      errorCode: null,
      result: 'Done.',
      toolCalls: 1,
      toolErrors: 1,
      stepsBegun: 1,
      numTurns: 1,
      costUsd: 0.5,
      usage: { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 2, cacheCreationInputTokens: 1 },
    })
  })

  it('is the later text where a part has changed', () => {
    const stream =
      part('text', 'c', { text: 'Don' }) + part('text', 'c', { text: 'Done.' }) + part('text', 'd', { text: 'Bye.' })
    expect(judged(stream).result).toBe('Done.\n\nBye.')
  })
})

describe('an endless run', () => {
  const step = (n: number): string =>
    json({ type: 'step_start', sessionID: 's', part: { id: `a${n}` } }) +
    json({ type: 'step_finish', sessionID: 's', part: { id: `b${n}`, reason: 'unknown', tokens: {}, cost: 0 } })

  it('that the launcher stopped is a fault of the provider, and says so', () => {
    const summary = judged(step(1) + step(2), { exitCode: 143, signal: 'SIGTERM', stoppedBy: 'loop_limit' })
    expect(summary.errorCode).toBe('upstream_error')
    expect(summary.errorMessage).toMatch(
      /2 times in a row with a finish reason that OpenCode does not know \(unknown\)/,
    )
  })

  it('that someone else stopped is interrupted, and still says why', () => {
    expect(judged(step(1) + step(2), { signal: 'SIGTERM' })).toMatchObject({
      errorCode: 'interrupted',
      errorMessage: expect.stringContaining('2 times in a row'),
    })
  })
})

describe('a conversation', () => {
  const refused = (message: string): string =>
    error('APIError', {
      statusCode: 400,
      message,
      responseBody: JSON.stringify({ error: { message, type: 'invalid_request_error' } }),
    })

  it.each([
    ['messages.3.content.1: `tool_use` ids were found without `tool_result` blocks', 'bad_request', true],
    ["An assistant message with 'tool_calls' must be followed by tool messages", 'bad_request', true],
    ['temperature: must be between 0 and 1', 'bad_request', false],
    ['Your credit balance is too low to access the Anthropic API.', 'billing_required', false],
    ['The model `x` does not exist or you do not have access to it.', 'model_unavailable', false],
    ['prompt is too long: 250000 tokens > 200000 maximum', 'context_overflow', true],
  ])('is refused with %j: %s, cleared: %s', (message, code, clears) => {
    expect(judged(refused(message), { exitCode: 1 })).toMatchObject({ errorCode: code, clearSession: clears })
  })

  it('that does not exist is cleared', () => {
    const stderr = 'NotFoundError: NotFoundError\n data: {\n  message: "Session not found: ses_x",\n},\n'
    expect(judged('', { exitCode: 0, stderr })).toMatchObject({ errorCode: 'session_unavailable', clearSession: true })
  })
})

describe('the time to try again', () => {
  it('is in milliseconds, from seconds and from the body', () => {
    const at = (data: object): string =>
      json({ type: 'error', timestamp: 1_000_000_000_000, sessionID: 's', error: { name: 'APIError', data } })
    const header = judged(at({ statusCode: 429, responseHeaders: { 'Retry-After': '20' } }))
    expect(header).toMatchObject({ retryAfterMs: 20_000, retryNotBeforeMs: 1_000_000_020_000 })
    const body = judged(at({ statusCode: 429, responseBody: '{"error":{"resets_in_seconds":60}}' }))
    expect(body).toMatchObject({ retryAfterMs: 60_000, retryNotBeforeMs: 1_000_000_060_000 })
  })
})

describe('an error that names no provider', () => {
  it.each([
    ['Error: read ECONNRESET', 'upstream_error'],
    ['connect EHOSTUNREACH 10.0.0.1:443', 'upstream_error'],
    ['getaddrinfo ENOTFOUND api.example.com', 'upstream_error'],
    ['write EPIPE', 'upstream_error'],
    ['The command read ECONNRESET from a file', 'agent_failed'],
    ['Could not load credentials from any providers', 'auth_failed'],
  ])('%s is %s', (message, code) => {
    expect(judged(error('UnknownError', { message }), { exitCode: 1 }).errorCode).toBe(code)
  })
})
