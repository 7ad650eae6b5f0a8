import { describe, expect, it } from 'vitest'
import { recordings } from './__fixtures__/recordings.ts'
import { type AgentErrorCode, type CodexSummary, createCodexParser, type ProcessEnd } from './index.ts'

const json = (value: unknown): string => `${JSON.stringify(value)}\n`
const start = json({ type: 'thread.started', thread_id: '01a228d8-f2e1-7872-a036-e1fbb3403739' })
const turn = start + json({ type: 'turn.started' })
const message = (text: string, id = 'item_0'): string =>
  json({ type: 'item.completed', item: { id, type: 'agent_message', text } })
const command = (id: string, status = 'completed'): string =>
  json({ type: 'item.completed', item: { id, type: 'command_execution', command: 'ls', status } })
const completed = json({ type: 'turn.completed', usage: { input_tokens: 10, output_tokens: 5 } })
const failed = (text: string): string => json({ type: 'turn.failed', error: { message: text } })
const error = (text: string): string => json({ type: 'error', message: text })

function judged(stream: string, end: ProcessEnd = {}): CodexSummary {
  const parser = createCodexParser()
  parser.feed(stream)
  return parser.end(end)
}

describe('a completed turn', () => {
  it.each<[string, string, ProcessEnd, AgentErrorCode | null]>([
    ['with an answer', message('Hi'), { exitCode: 0 }, null],
    ['with an answer and no known end', message('Hi'), {}, null],
    ['that was killed afterwards', message('Hi'), { signal: 'SIGKILL' }, null],
    ['with another exit code', message('Hi'), { exitCode: 1 }, 'agent_failed'],
    ['without a message', '', { exitCode: 0 }, 'empty_response'],
    ['with an empty message', message(''), { exitCode: 0 }, 'empty_response'],
    ['with a blank message', message(' \n'), { exitCode: 0 }, 'empty_response'],
    ['with a tool call after its last message', message('Looking.') + command('item_1'), {}, 'empty_response'],
    ['with a failed command and an answer', command('item_0', 'failed') + message('No.', 'item_1'), {}, null],
    ['with retry notices', error('Reconnecting... 1/5 (429)') + message('Hi'), { exitCode: 0 }, null],
    ['with an error line that is not a notice', error('unexpected status 401') + message('Hi'), { exitCode: 0 }, null],
  ])('%s', (_, items, end, code) => expect(judged(turn + items + completed, end).errorCode).toBe(code))

  it('does not take tool output after it for its end', () => {
    expect(judged(turn + message('Hi') + completed + failed('Quota exceeded.')).errorCode).toBeNull()
  })

  it.each([{}, { usage: null }, { usage: 'many' }])('counts when it states no tokens: %j', (more) => {
    const summary = judged(turn + message('Hi') + json({ type: 'turn.completed', ...more }), { exitCode: 0 })
    expect(summary).toMatchObject({ errorCode: null, result: 'Hi', usageBasis: 'none', threadUsage: null })
  })

  it('ignores stderr', () => {
    const stderr = 'Error: thread/resume failed: no rollout found for thread id x'
    expect(judged(turn + message('Hi') + completed, { exitCode: 0, stderr }).errorCode).toBeNull()
  })
})

describe('a failed turn', () => {
  it.each<[string, AgentErrorCode]>([
    ['unexpected status 401 Unauthorized: no, url: http://x', 'auth_failed'],
    ['unexpected status 402 Payment Required: no', 'billing_required'],
    ['unexpected status 403 Forbidden: no', 'auth_failed'],
    ['unexpected status 404 Not Found: no', 'model_unavailable'],
    ['unexpected status 413 Payload Too Large: no', 'context_overflow'],
    ['unexpected status 502 Bad Gateway: <html>', 'upstream_error'],
    ['unexpected status 529 : busy', 'overloaded'],
    ['exceeded retry limit, last status: 429 Too Many Requests, request id: r', 'rate_limited'],
    ['exceeded retry limit, last status: 503 Service Unavailable', 'upstream_error'],
    ['Access blocked by Cloudflare. This usually happens in restricted regions (status 403)', 'auth_failed'],
    ['Missing environment variable: `KEY`.', 'auth_failed'],
    ['Your access token could not be refreshed because your refresh token was already used.', 'auth_failed'],
    ['Quota exceeded. Check your plan and billing details.', 'quota_exhausted'],
    ['You’ve hit your usage limit. Try again at 9:51 PM.', 'quota_exhausted'],
    ["You've hit your usage limit for gpt-5.5. Switch to another model now, or try again later.", 'quota_exhausted'],
    ['To use Codex with your ChatGPT plan, upgrade to Plus: https://x', 'billing_required'],
    ['rate limit exceeded: Rate limit reached for gpt-5.5', 'rate_limited'],
    ['We’re currently experiencing high demand, which may cause temporary errors.', 'upstream_error'],
    ['Selected model is at capacity. Please try a different model.', 'overloaded'],
    ["Codex ran out of room in the model's context window. Start a new thread", 'context_overflow'],
    ['Incomplete response returned, reason: max_output_tokens', 'output_limit'],
    ['Incomplete response returned, reason: content_filter', 'model_refusal'],
    ['stream disconnected before completion: Incomplete response returned, reason: content_filter', 'model_refusal'],
    ['stream disconnected before completion: idle timeout waiting for SSE', 'upstream_error'],
    ['Connection failed: error sending request', 'upstream_error'],
    ['This request has been flagged for possible cybersecurity risk.', 'model_refusal'],
    ['Invalid prompt: your prompt was flagged', 'model_refusal'],
    ['The model `x` does not exist or you do not have access to it.', 'model_unavailable'],
    ['Project `p` does not have access to model `x`', 'model_unavailable'],
    ['{"detail":"The \'x\' model is not supported when using Codex with a ChatGPT account."}', 'model_unavailable'],
    ['{"error":{"message":"too long","code":"string_above_max_length"}}', 'bad_request'],
    ['{"error":{"message":"no","code":"insufficient_quota"}}', 'quota_exhausted'],
    ['{"error":{"message":"no","type":"authentication_error"}}', 'auth_failed'],
    ['Fatal error: the agent loop died', 'agent_failed'],
    ['the gateway said: unexpected status 401, Quota exceeded, rate limit exceeded', 'bad_request'],
    ['Incomplete response returned, reason: something new', 'upstream_error'],
    ['Failed to refresh token: 500 Internal Server Error', 'auth_failed'],
    ['Your input exceeds the context window of this model. Please adjust your input.', 'context_overflow'],
    ['', 'agent_failed'],
  ])('%j is %s', (text, code) => {
    const summary = judged(turn + failed(text), { exitCode: 1 })
    expect(summary.errorCode).toBe(code)
    expect(summary.errorMessage).not.toBe('')
  })

  it.each([{}, { error: null }, { error: {} }, { error: 'Quota exceeded.' }])('fails without a message: %j', (more) => {
    const summary = judged(turn + json({ type: 'turn.failed', ...more }), { exitCode: 1 })
    expect(summary).toMatchObject({ errorCode: 'agent_failed', errorMessage: 'The turn failed without a reason.' })
  })

  it('explains more than the signal after it', () => {
    expect(judged(turn + failed('Quota exceeded.'), { signal: 'SIGTERM' }).errorCode).toBe('quota_exhausted')
  })

  it('shows the message inside a JSON body', () => {
    expect(judged(turn + failed('{"error":{"message":"too long"}}')).errorMessage).toBe('too long')
  })
})

describe('a turn without an end', () => {
  it.each<[string, string, ProcessEnd, AgentErrorCode]>([
    ['stopped by SIGTERM', turn, { signal: 'SIGTERM' }, 'interrupted'],
    ['stopped by SIGKILL, as an exit code', turn, { exitCode: 137 }, 'interrupted'],
    ['that crashed', turn, { signal: 'SIGSEGV' }, 'agent_failed'],
    ['with exit code 1', turn, { exitCode: 1 }, 'interrupted'],
    ['with exit code 3', turn, { exitCode: 3 }, 'agent_failed'],
    ['with exit code 0', turn + message('Hi'), { exitCode: 0 }, 'truncated'],
    ['of which nothing more is known', turn, {}, 'truncated'],
    ['in a broken line', turn + message('Hi').slice(0, -9), { exitCode: 0 }, 'truncated'],
    ['before it began', start, { exitCode: 0 }, 'truncated'],
    ['before it began, with a reason', start, { exitCode: 1, stderr: 'Error: turn/start failed: x' }, 'start_failed'],
    [
      'that panicked',
      turn,
      { exitCode: 101, stderr: "\nthread 'main' panicked at src/x.rs:1:2:\nno space left\nnote: x" },
      'agent_failed',
    ],
  ])('%s', (_, stream, end, code) => expect(judged(stream, end).errorCode).toBe(code))
})

describe('silence', () => {
  it.each<[ProcessEnd, AgentErrorCode]>([
    [
      { exitCode: 1, stderr: 'Error: thread/resume: thread/resume failed: no rollout found for thread id x' },
      'session_unavailable',
    ],
    [
      { exitCode: 1, stderr: 'Error: thread/resume: thread/resume failed: failed to read thread: x' },
      'session_unavailable',
    ],
    [{ exitCode: 1, stderr: 'Error: thread/resume failed: thread x already has an active writer' }, 'start_failed'],
    [{ exitCode: 1, stderr: '2026-11-29T20:00:00Z ERROR x: no rollout found for thread id y' }, 'start_failed'],
    [{ exitCode: 1, stderr: 'No prompt provided via stdin.' }, 'start_failed'],
    [{ exitCode: 1 }, 'start_failed'],
    [{ exitCode: 0 }, 'empty_response'],
    [{}, 'start_failed'],
  ])('with end %o is %s', (end, code) => expect(judged('', end).errorCode).toBe(code))

  it('is explained by the last Error line, not by log lines or notices before it', () => {
    const stderr = [
      'Reading prompt from stdin...',
      '2026-11-29T20:00:00Z ERROR codex_core: noise',
      'WARNING: proceeding',
      'Error loading config.toml:',
      '/x/config.toml:2:8: unclosed table',
    ].join('\n')
    expect(judged('', { exitCode: 1, stderr }).errorMessage).toBe(
      'Error loading config.toml: /x/config.toml:2:8: unclosed table',
    )
  })
})

describe('any cut of a recording', () => {
  const cuttable = recordings.filter(
    ({ stdout, lines }) => lines.some(({ type }) => type === 'turn.completed') && stdout.length < 60_000,
  )

  it.each(cuttable)('$name: is never a success before its last line', ({ stdout }) => {
    const lines = new TextDecoder().decode(stdout).trimEnd().split('\n')
    for (let count = 1; count < lines.length; count++) {
      const whole = `${lines.slice(0, count).join('\n')}\n`
      expect(judged(whole).errorCode).not.toBeNull()
      expect(judged(whole.slice(0, -20), { exitCode: 0 }).errorCode).not.toBeNull()
    }
  })
})
