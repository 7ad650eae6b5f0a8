import { describe, expect, it } from 'vitest'
import { describeVerdicts } from '@agent-jobs/stream-parser-core/test/describe-verdicts.ts'
import type { AgentErrorCode, ClaudeSummary, ProcessEnd } from './index.ts'
import { createClaudeParser } from './index.ts'
import { recordings, type Recording } from './__fixtures__/recordings.ts'

/** The verdict on every recording that is not a plain success. */
const failures: Readonly<Record<string, AgentErrorCode>> = {
  'api-timeout': 'upstream_error',
  'auth-401': 'auth_failed',
  'auth-none': 'auth_failed',
  'bad-flag': 'start_failed',
  'bad-request': 'bad_request',
  'billing-400-credit': 'billing_required',
  'config-corrupt': 'start_failed',
  'context-window': 'context_overflow',
  empty: 'empty_response',
  'max-budget': 'max_budget',
  'max-tokens': 'output_limit',
  'max-turns-1': 'max_turns',
  'model-not-found': 'model_unavailable',
  'no-dash-empty-stdin': 'start_failed',
  'no-verbose': 'start_failed',
  'null-stop': 'upstream_error',
  'overloaded-529': 'overloaded',
  'prompt-too-long': 'context_overflow',
  'rate-limit-429': 'rate_limited',
  'rate-limit-429-usage-oauth': 'quota_exhausted',
  refusal: 'model_refusal',
  refused: 'upstream_error',
  'reset-mid': 'upstream_error',
  'resume-unknown': 'session_unavailable',
  'root-refused': 'start_failed',
  'server-500': 'upstream_error',
  'session-id-in-use': 'start_failed',
  'sigint-tool': 'interrupted',
  'sigkill-midline': 'interrupted',
  'sigkill-partial': 'interrupted',
  'sigterm-retry': 'interrupted',
  'sigterm-tool': 'interrupted',
  'sigterm-tool-late': 'interrupted',
  'startup-result-instructions': 'start_failed',
  'startup-result-mcp': 'start_failed',
  'startup-result-root': 'start_failed',
  'startup-result-stdin': 'start_failed',
  'stdin-over-10mb': 'start_failed',
  'tricky-error': 'auth_failed',
}

/** What the stream alone says where the end of the process makes a difference. */
const alone: Readonly<Record<string, AgentErrorCode>> = {
  'sigkill-midline': 'truncated',
  'sigkill-partial': 'truncated',
  'sigterm-retry': 'truncated',
  'sigterm-tool': 'truncated',
  'sigterm-tool-late': 'truncated',
}

function parse(recording: Recording, end: ProcessEnd): ClaudeSummary {
  const parser = createClaudeParser()
  parser.feed(recording.stdout)
  return parser.end(end)
}

describeVerdicts({ recordings, parse, failures, alone, odd: ['empty', 'sigint-tool'] })

describe('every recording of the real command line', () => {
  it('is here', () => expect(recordings).toHaveLength(89))

  it.each(recordings)('$name: session, model and result are the ones printed', (recording) => {
    const summary = parse(recording, recording.end)
    const lines = recording.lines
    const sessions = new Set(lines.map((line) => line['session_id']))
    expect(sessions.size).toBeLessThan(2)
    expect(summary.sessionId).toBe([...sessions][0] ?? null)
    const results = lines.filter((line) => line['type'] === 'result')
    expect(summary.result).toBe(results.at(-1)?.['result'] ?? null)
    expect(summary.results).toBe(results.length)
    const init = lines.find((line) => line['type'] === 'system' && line['subtype'] === 'init')
    expect(summary.requestedModel).toBe(init?.['model'] ?? null)
    expect(summary.sessionStarted).toBe(init !== undefined)
    expect(summary.unknownEvents).toBe(0)
  })

  it.each(recordings.filter(({ name }) => name !== 'format-json'))(
    '$name: usage and cost are those of this run',
    (recording) => {
      const summary = parse(recording, recording.end)
      const results = recording.lines.filter((line) => line['type'] === 'result')
      let cost = 0
      let tokens = 0
      for (const result of results) {
        for (const stats of Object.values(result['model_usage_since_last_result'] ?? {}) as Record<string, number>[]) {
          cost += stats['costUSD'] ?? 0
          tokens += (stats['inputTokens'] ?? 0) + (stats['outputTokens'] ?? 0)
        }
      }
      const counted = results.length > 0
      expect(summary.usageBasis).toMatch(counted ? /^per_run$/ : /^(partial|none)$/)
      expect(summary.costUsd === null).toBe(!counted)
      expect(summary.costUsd ?? 0).toBeCloseTo(cost, 12)
      const totals = summary.usage.inputTokens + summary.usage.outputTokens
      expect(counted ? totals : tokens).toBe(tokens)
    },
  )

  it.each(recordings)('$name: is finished exactly when a result ended it', (recording) => {
    expect(parse(recording, recording.end).finished).toBe(recording.lines.some((line) => line['type'] === 'result'))
  })
})
