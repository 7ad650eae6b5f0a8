import { describe, expect, it } from 'vitest'
import { findRecording } from '@agent-jobs/stream-parser-core/test/read-recordings.ts'
import { type AgentErrorCode, type ClaudeSummary, createClaudeParser, type UsageBasis } from './index.ts'
import { otherRecordings as recordings } from './__fixtures__/other-recordings.ts'

interface Expected {
  /** None: the run succeeded. */
  readonly code?: AgentErrorCode
  /** What the stream alone says, where the end of the process makes a difference. */
  readonly alone?: AgentErrorCode
  readonly turns: number
  readonly tools?: number
  readonly subagents?: number
  readonly results?: number
  readonly retries?: number
  readonly basis: UsageBasis
}

/** Judged by hand from what the model server was asked, and from how the process ended. */
const expected: Readonly<Record<string, Expected>> = {
  autocompact: { turns: 3, tools: 1, basis: 'per_run' },
  'autocompact-fails': { code: 'context_overflow', turns: 2, tools: 1, basis: 'per_run' },
  'bash-background-killed': { code: 'interrupted', turns: 2, tools: 1, basis: 'per_run' },
  'billing-mid': { code: 'billing_required', turns: 2, tools: 1, basis: 'per_run' },
  'budget-sub': { code: 'max_budget', turns: 1, tools: 3, subagents: 1, basis: 'per_run' },
  'ctx-400-once': { turns: 3, tools: 1, basis: 'per_run' },
  'ctx-413-mid': { code: 'context_overflow', turns: 2, tools: 1, basis: 'per_run' },
  'empty-after-tool': { turns: 3, tools: 1, basis: 'per_run' },
  'empty-once': { turns: 2, basis: 'per_run' },
  'empty-thinking-only': { code: 'empty_response', turns: 2, basis: 'per_run' },
  'empty-whitespace': { code: 'empty_response', turns: 2, basis: 'per_run' },
  'end-beforestop': { code: 'upstream_error', turns: 4, basis: 'per_run' },
  'end-text': { code: 'upstream_error', turns: 1, retries: 1, basis: 'per_run' },
  'fallback-529': { turns: 1, retries: 2, basis: 'per_run' },
  'fallback-529-too': { code: 'overloaded', turns: 1, retries: 6, basis: 'per_run' },
  'hook-prompt-block': { turns: 0, basis: 'per_run' },
  'hook-stop-block': { turns: 2, basis: 'per_run' },
  'hook-stop-continue-false': { turns: 2, tools: 1, basis: 'per_run' },
  'hook-subagent-stop-block': { turns: 2, tools: 1, subagents: 1, basis: 'per_run' },
  'io-500-then-ok': { turns: 2, results: 2, retries: 1, basis: 'per_run' },
  'io-clear': { turns: 2, results: 3, basis: 'per_run' },
  'io-compact': { turns: 2, results: 3, basis: 'per_run' },
  'io-garbage': { code: 'start_failed', turns: 0, results: 0, basis: 'none' },
  'io-interrupt': { turns: 3, results: 2, basis: 'per_run' },
  'io-maxturns': { code: 'max_turns', turns: 4, tools: 2, results: 2, basis: 'per_run' },
  'io-ok-then-500': { code: 'upstream_error', turns: 2, results: 2, retries: 1, basis: 'per_run' },
  'io-two': { turns: 2, results: 2, basis: 'per_run' },
  'kill-hup-retry': { code: 'interrupted', alone: 'truncated', turns: 0, results: 0, retries: 1, basis: 'none' },
  'kill-int-background': { code: 'interrupted', turns: 2, tools: 1, basis: 'per_run' },
  'kill-int-partial': { code: 'interrupted', turns: 2, basis: 'per_run' },
  'kill-int-request': { code: 'interrupted', turns: 0, results: 0, basis: 'none' },
  'kill-kill-partial': { code: 'interrupted', alone: 'truncated', turns: 0, results: 0, basis: 'partial' },
  'kill-term-sub': {
    code: 'interrupted',
    alone: 'truncated',
    turns: 0,
    tools: 2,
    subagents: 1,
    results: 0,
    basis: 'partial',
  },
  'malformed-json': { code: 'upstream_error', turns: 1, basis: 'per_run' },
  'malformed-redirect': { code: 'upstream_error', turns: 1, retries: 1, basis: 'per_run' },
  'mcp-down': { turns: 1, basis: 'per_run' },
  'mcp-fails': { turns: 2, tools: 1, basis: 'per_run' },
  'mcp-ok': { turns: 2, tools: 1, basis: 'per_run' },
  'model-alias-bad-mid': { code: 'model_unavailable', turns: 2, tools: 1, basis: 'per_run' },
  'oauth-403-revoked': { code: 'auth_failed', turns: 1, retries: 2, basis: 'per_run' },
  'oauth-429u-mid': { code: 'quota_exhausted', turns: 2, tools: 1, basis: 'per_run' },
  'odd-bedrock-nocreds': { code: 'auth_failed', turns: 1, retries: 2, basis: 'per_run' },
  'odd-invalid-utf8': { turns: 2, tools: 1, basis: 'per_run' },
  'odd-json-format': { turns: 2, basis: 'session_total' },
  'odd-json-format-401': { code: 'auth_failed', turns: 1, basis: 'per_run' },
  'odd-json-in-text': { turns: 2, tools: 1, basis: 'per_run' },
  'odd-text-format': { code: 'start_failed', turns: 0, results: 0, basis: 'none' },
  'org-disabled': { code: 'auth_failed', turns: 1, basis: 'per_run' },
  'perm-dontask': { turns: 3, tools: 2, basis: 'per_run' },
  'perm-plan': { turns: 3, tools: 2, basis: 'per_run' },
  'resume-at-unknown': { code: 'start_failed', turns: 0, basis: 'per_run' },
  'resume-fork': { turns: 2, tools: 1, basis: 'per_run' },
  'resume-nonuuid': { code: 'session_unavailable', turns: 0, basis: 'per_run' },
  'retry-then-401': { code: 'auth_failed', turns: 1, retries: 3, basis: 'per_run' },
  'schema-always-wrong': { code: 'structured_output_failed', turns: 6, tools: 5, basis: 'per_run' },
  'schema-never': { turns: 2, basis: 'per_run' },
  'schema-ok': { turns: 3, tools: 2, basis: 'per_run' },
  'schema-wrong-then-ok': { turns: 3, tools: 2, basis: 'per_run' },
  'server-tool': { turns: 1, tools: 1, basis: 'per_run' },
  'ssn-overloaded_error': { code: 'overloaded', turns: 2, tools: 1, basis: 'per_run' },
  'ssp-invalid_request_error': { code: 'context_overflow', turns: 2, tools: 1, basis: 'per_run' },
  'stop-context-window': { code: 'context_overflow', turns: 5, tools: 1, basis: 'per_run' },
  'stop-length-once': { turns: 2, basis: 'per_run' },
  'stop-refusal-fallback': { turns: 2, basis: 'per_run' },
  'stop-refusal-mid': { code: 'model_refusal', turns: 3, tools: 1, basis: 'per_run' },
  'sub-background-2': { turns: 4, tools: 2, subagents: 2, results: 3, basis: 'per_run' },
  'sub-background-fails': { turns: 3, tools: 1, subagents: 1, results: 2, basis: 'per_run' },
  'sub-custom': { turns: 2, tools: 3, subagents: 1, basis: 'per_run' },
  'sub-fails-500': { turns: 2, tools: 1, subagents: 1, basis: 'per_run' },
  'sub-fails-then-main-401': { code: 'auth_failed', turns: 2, tools: 1, subagents: 1, retries: 1, basis: 'per_run' },
  'sub-maxturns': { code: 'max_turns', turns: 3, tools: 7, subagents: 1, basis: 'per_run' },
  'sub-nested': { turns: 2, tools: 2, subagents: 2, basis: 'per_run' },
  'sub-parallel3': { turns: 4, tools: 6, subagents: 3, basis: 'per_run' },
  'sub-partial': { turns: 3, tools: 4, subagents: 2, basis: 'per_run' },
  'sub-refuses': { turns: 2, tools: 2, subagents: 3, basis: 'per_run' },
  'thinking-redacted': { turns: 1, basis: 'per_run' },
  'v1.0.128-401': { code: 'auth_failed', turns: 1, basis: 'per_run' },
  'v1.0.128-529': { code: 'overloaded', turns: 1, basis: 'per_run' },
  'v1.0.128-credit': { code: 'billing_required', turns: 1, basis: 'per_run' },
  'v1.0.128-ctx': { code: 'context_overflow', turns: 1, basis: 'per_run' },
  'v1.0.128-cut': { code: 'upstream_error', turns: 1, basis: 'per_run' },
  'v1.0.128-empty': { code: 'empty_response', turns: 0, basis: 'session_total' },
  'v1.0.128-int': { code: 'truncated', turns: 0, results: 0, basis: 'none' },
  'v1.0.128-length': { code: 'output_limit', turns: 2, basis: 'session_total' },
  'v1.0.128-refusal': { code: 'model_refusal', turns: 2, basis: 'session_total' },
  'v1.0.128-tool': { turns: 4, tools: 1, basis: 'session_total' },
  'v1.0.128-turns': { code: 'max_turns', turns: 2, tools: 2, basis: 'session_total' },
  'v1.0.128-unknown': { code: 'session_unavailable', alone: 'start_failed', turns: 0, results: 0, basis: 'none' },
  'v2.0.45-404': { code: 'model_unavailable', turns: 1, basis: 'session_total' },
  'v2.0.45-empty': { code: 'empty_response', turns: 1, basis: 'session_total' },
  'v2.0.45-length': { code: 'output_limit', turns: 1, basis: 'session_total' },
  'v2.0.45-refusal': { code: 'model_refusal', turns: 1, basis: 'session_total' },
  'v2.0.45-sub': { turns: 2, tools: 2, subagents: 1, basis: 'session_total' },
  'v2.1.100-404': { code: 'model_unavailable', turns: 1, basis: 'per_run' },
  'v2.1.100-429': { code: 'rate_limited', turns: 1, retries: 1, basis: 'per_run' },
  'v2.1.100-length': { code: 'output_limit', turns: 1, basis: 'session_total' },
  'v2.1.100-refusal': { code: 'model_refusal', turns: 1, basis: 'session_total' },
  'v2.1.5-500': { code: 'upstream_error', turns: 2, tools: 1, basis: 'session_total' },
  'v2.1.5-ctx': { code: 'context_overflow', turns: 1, basis: 'per_run' },
  'v2.1.5-length': { code: 'output_limit', turns: 1, basis: 'session_total' },
  'v2.1.5-refusal': { code: 'model_refusal', turns: 1, basis: 'session_total' },
  'web-search': { turns: 2, tools: 1, basis: 'per_run' },
  'v2.1.220-529': { code: 'overloaded', turns: 1, retries: 1, basis: 'per_run' },
  'v2.1.220-bg25': { turns: 2, tools: 1, basis: 'session_total' },
  'v2.1.330-refusal': { code: 'model_refusal', turns: 2, basis: 'per_run' },
  'v2.1.330-sub': { turns: 3, tools: 2, subagents: 1, results: 2, basis: 'per_run' },
  'v2.1.330-tool': { turns: 2, tools: 1, basis: 'per_run' },
}

function parse(name: string, alone = false): ClaudeSummary {
  const recording = findRecording(recordings, name)
  const parser = createClaudeParser()
  parser.feed(recording.stdout)
  return parser.end(alone ? {} : recording.end)
}

describe('recordings of other situations and versions', () => {
  it('are all judged here', () =>
    expect(Object.keys(expected).sort()).toEqual(recordings.map(({ name }) => name).sort()))

  it.each(Object.entries(expected))('%s', (name, { code = null, alone = code, ...counts }) => {
    const summary = parse(name)
    const { numTurns: turns, toolCalls: tools, subagents, results, retries, usageBasis: basis } = summary
    expect({ code: summary.errorCode, turns, tools, subagents, results, retries, basis }).toEqual({
      code,
      tools: 0,
      subagents: 0,
      results: 1,
      retries: 0,
      ...counts,
    })
    expect(summary.errorMessage === null).toBe(code === null)
    expect(summary.evidence.length).toBeGreaterThan(0)
    expect(summary.unknownTypes).toEqual({})
    expect(parse(name, true).errorCode).toBe(alone)
  })

  it('have the tokens and the cost of the run alone', () => {
    expect(parse('sub-fails-then-main-401')).toMatchObject({
      usage: { inputTokens: 2643, outputTokens: 26, cacheReadInputTokens: 0, cacheCreationInputTokens: 9530 },
      costUsd: 0.058741999999999996,
    })
    // The session was resumed: its first run cost more than this whole one.
    expect(parse('resume-fork').costUsd).toBeLessThan(0.01)
    expect(parse('io-two').usage.outputTokens).toBe(8)
    expect(parse('kill-term-sub')).toMatchObject({ usage: { inputTokens: 4740 }, usageBasis: 'partial', costUsd: null })
  })

  it('name the model that answered', () => {
    expect(parse('fallback-529')).toMatchObject({ model: 'claude-haiku-4-5', requestedModel: 'claude-opus-5-5' })
    expect(parse('sub-custom').model).toBe('claude-opus-5-5')
    expect(parse('odd-json-format')).toMatchObject({ model: 'claude-opus-5-5', requestedModel: null })
  })

  it('have the session that a new run can resume', () => {
    const { sessionId } = parse('io-clear')
    const sessions = recordings.find(({ name }) => name === 'io-clear')?.lines.map((line) => line['session_id'])
    expect(new Set(sessions).size).toBe(2)
    expect(sessionId).toBe(sessions?.at(-1))
  })

  it('say by what member they are judged', () => {
    expect(parse('v1.0.128-529').evidence).toEqual([
      { source: 'assistant', field: 'message.content', value: 'overloaded_error', line: 2 },
    ])
    expect(parse('ssn-overloaded_error').evidence).toMatchObject([{ source: 'result', field: 'api_error_type' }])
    expect(parse('v2.0.45-refusal').evidence).toMatchObject([{ source: 'assistant', field: 'message.stop_reason' }])
    expect(parse('kill-int-background').evidence).toMatchObject([{ field: 'task_notification.status' }, {}, {}])
  })

  it('tell a message for a person', () => {
    expect(parse('v2.0.45-refusal').errorMessage).toBe('No.')
    expect(parse('odd-text-format').errorMessage).toMatch(/--output-format stream-json/)
  })
})
