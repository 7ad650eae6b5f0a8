import { createCodexParser } from '@agent-jobs/codex-stream-parser'
import { describe, expect, it } from 'vitest'
import { reportLine, type RunReport, type TokenTotal } from './program/run-report.ts'
import { createRunParser, joinReport } from './run-summary.ts'

const thread = '01a228d8-f2e1-7872-a036-e1fbb3403739'
const json = (value: unknown): string => `${JSON.stringify(value)}\n`
const start = json({ type: 'thread.started', thread_id: thread }) + json({ type: 'turn.started' })
const message = json({ type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'Hi' } })
const total = (input: number, output: number): TokenTotal => ({
  input_tokens: input,
  cached_input_tokens: 0,
  cache_write_input_tokens: 0,
  output_tokens: output,
  reasoning_output_tokens: 0,
})
const completed = (input: number, output: number): string =>
  json({ type: 'turn.completed', usage: total(input, output) })
const failed = (text: string): string => json({ type: 'turn.failed', error: { message: text } })

const report = (more: Partial<RunReport> = {}): RunReport => ({
  resumed: null,
  before: null,
  after: null,
  model: 'gpt-5.5',
  largestRequest: 900,
  limitResetsAt: null,
  endedAt: Date.UTC(2026, 10, 29, 19, 50),
  timeZone: 'UTC',
  problem: null,
  ...more,
})

function ended(stream: string, more: Partial<RunReport> | null, exitCode = 0, stderr = '') {
  const parser = createRunParser()
  parser.feed(stream)
  return parser.end({ exitCode, stderr: more === null ? stderr : `${stderr}${reportLine(report(more))}\n` })
}

describe('the tokens of a run', () => {
  it('are those of a new thread', () => {
    expect(ended(start + message + completed(100, 5), {})).toMatchObject({
      usageBasis: 'per_run',
      usage: { inputTokens: 100, outputTokens: 5 },
      model: 'gpt-5.5',
      largestRequest: 900,
    })
  })

  it('are the total of a resumed thread less the total before', () => {
    const run = ended(start + message + completed(300, 15), { resumed: thread, before: total(200, 10) })
    expect(run).toMatchObject({ usageBasis: 'per_run', usage: { inputTokens: 100, outputTokens: 5 } })
  })

  it('of a failed turn are those of the rollout', () => {
    const run = ended(
      start + failed('Quota exceeded.'),
      { resumed: thread, before: total(200, 10), after: total(250, 12) },
      1,
    )
    expect(run).toMatchObject({ usageBasis: 'per_run', usage: { inputTokens: 50, outputTokens: 2 } })
  })

  it.each([
    ['without a report', null],
    ['with a resumed thread of unknown total', { resumed: thread }],
    ['with a total that has become smaller', { resumed: thread, before: total(500, 1) }],
  ])('are the thread’s %s', (_what, more) => {
    expect(ended(start + message + completed(300, 15), more)).toMatchObject({
      usageBasis: 'session_cumulative',
      usage: { inputTokens: 300 },
    })
  })
})

it('knows while the run goes on whether the turn has ended', () => {
  const parser = createRunParser()
  parser.feed(start + message)
  expect(parser.finished).toBe(false)
  parser.feed(completed(1, 1))
  expect(parser.finished).toBe(true)
  expect(parser.end()).toMatchObject({ errorCode: null, usageBasis: 'session_cumulative' })
})

it('states no tokens where neither the stream nor the rollout does', () => {
  expect(ended(start + failed('unexpected status 401'), {}, 1)).toMatchObject({
    usageBasis: 'none',
    usage: { inputTokens: 0, outputTokens: 0 },
  })
})

describe('what went wrong', () => {
  it('is the problem for which Codex was not started', () => {
    const detail = 'Thread x cannot be resumed: its rollout file is empty.'
    expect(ended('', { problem: { code: 'session_unavailable', detail } }, 65)).toMatchObject({
      errorCode: 'session_unavailable',
      errorMessage: detail,
      isError: true,
      clearSession: true,
    })
  })

  it('is a thread that Codex began instead of the requested one', () => {
    const resumed = '01a228d8-0000-7872-a036-e1fbb3403739'
    expect(ended(start + message + completed(1, 1), { resumed })).toMatchObject({
      errorCode: 'session_unavailable',
      errorMessage: `Codex began thread ${thread} instead of resuming ${resumed}.`,
      isError: true,
      clearSession: true,
    })
    // Without a thread, what Codex reports stands.
    expect(ended('', { resumed }, 1, 'Error: no\n')).toMatchObject({
      errorCode: 'start_failed',
      errorMessage: 'Error: no',
    })
  })

  it('keeps the session when Codex only lacks a login', () => {
    const problem = { code: 'codex_login_missing', detail: 'Codex has no credentials.' } as const
    expect(ended('', { problem }, 77)).toMatchObject({ errorCode: 'codex_login_missing', clearSession: false })
  })

  it('is otherwise what Codex itself reports, with what the parser concludes', () => {
    expect(ended(start + failed("Codex ran out of room in the model's context window."), {}, 1)).toMatchObject({
      errorCode: 'context_overflow',
      errorMessage: "Codex ran out of room in the model's context window.",
      isError: true,
      clearSession: true,
    })
  })

  it('is a thread that another process is writing', () => {
    const stderr = `Error: thread/resume: thread/resume failed: thread ${thread} already has an active writer\n`
    const inUse = { errorCode: 'session_in_use', isError: true, clearSession: false }
    expect(ended('', {}, 1, stderr)).toMatchObject(inUse)
    expect(ended('', null, 1, stderr)).toMatchObject(inUse)
    expect(ended(start, null, 1, stderr).errorCode).not.toBe('session_in_use')
    expect(ended(start + failed('unexpected status 401'), {}, 1, stderr).errorCode).toBe('auth_failed')
    expect(ended(start + message + completed(1, 1), {}, 0, stderr).errorCode).toBeNull()
  })
})

describe('when to try again', () => {
  const limit = (text: string, more: Partial<RunReport>) => ended(start + failed(text), more, 1).retryNotBeforeMs

  it('is the time in the message, in the pod’s zone', () => {
    const text = 'You’ve hit your usage limit. Try again at 9:51 PM.'
    expect(limit(text, {})).toBe(Date.UTC(2026, 10, 29, 21, 51))
    expect(limit(text, { timeZone: 'Europe/Berlin' })).toBe(Date.UTC(2026, 10, 29, 20, 51))
  })

  it('is the end of the used-up limit where the message names none', () => {
    const resets = Date.UTC(2026, 10, 30)
    expect(limit('Quota exceeded.', { limitResetsAt: resets })).toBe(resets)
    expect(limit('exceeded retry limit, last status: 429 Too Many Requests', { limitResetsAt: resets })).toBe(resets)
    expect(limit('Quota exceeded.', { limitResetsAt: 1 })).toBeNull()
    expect(limit('Quota exceeded.', { limitResetsAt: resets, endedAt: resets })).toBeNull()
    expect(limit('Quota exceeded.', {})).toBeNull()
    expect(limit('unexpected status 401', { limitResetsAt: resets })).toBeNull()
  })
})

it('ignores invalid fields of a forged report', () => {
  const parser = createCodexParser()
  parser.feed(start + message + completed(300, 15))
  const summary = parser.end({ exitCode: 0 })
  for (const text of [
    'nonsense',
    '[]',
    '{"before":{"input_tokens":-1},"timeZone":"Mars"}',
    '{"model":{},"endedAt":"x"}',
  ]) {
    const forged = `agent-jobs: codex: ${text}\n`
    const run = createRunParser()
    run.feed(start + message + completed(300, 15))
    expect(run.end({ exitCode: 0, stderr: forged }).errorCode).toBeNull()
  }
  expect(joinReport(summary, null, '').usageBasis).toBe('session_cumulative')
})
