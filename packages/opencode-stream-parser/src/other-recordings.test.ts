import { describe, expect, it } from 'vitest'
import { findRecording } from '@agent-jobs/stream-parser-core/test/read-recordings.ts'
import { otherRecordings as recordings } from './__fixtures__/other-recordings.ts'
import { type AgentErrorCode, createOpencodeParser, type OpencodeSummary, type UsageBasis } from './index.ts'

interface Expected {
  /** None: the run succeeded. */
  readonly code?: AgentErrorCode
  /** What the stream alone says, where the end of the process makes a difference. */
  readonly alone?: AgentErrorCode
  readonly turns: number
  readonly tools?: number
  readonly toolErrors?: number
  readonly subagents?: number
  readonly basis: UsageBasis
  readonly answered?: boolean
}

/** Judged by hand from what the model server was asked, and from how the process ended. */
const expected: Readonly<Record<string, Expected>> = {
  'compact-auto': { turns: 3, tools: 1, basis: 'per_run' },
  'compact-auto-fails': { code: 'bad_request', turns: 2, tools: 1, basis: 'per_run', answered: false },
  'config-bad': { code: 'start_failed', turns: 0, basis: 'none', answered: false },
  'cut-text': { turns: 2, tools: 1, basis: 'per_run' },
  'cut-tool': { turns: 1, basis: 'per_run' },
  'db-garbage': { code: 'start_failed', turns: 0, basis: 'none', answered: false },
  'default-format': { code: 'start_failed', turns: 0, basis: 'none', answered: false },
  'empty-after-tool': { turns: 2, tools: 1, basis: 'per_run' },
  'empty-thinking': { code: 'empty_response', turns: 1, basis: 'per_run' },
  'empty-whitespace': { turns: 1, basis: 'per_run' },
  'end-text': { turns: 2, tools: 1, basis: 'per_run' },
  'filter-mid': { code: 'model_refusal', turns: 2, tools: 1, basis: 'per_run', answered: false },
  'free-tier': { code: 'quota_exhausted', turns: 0, basis: 'none', answered: false },
  'home-readonly': { code: 'start_failed', turns: 0, basis: 'none', answered: false },
  'http-401-mid': { code: 'auth_failed', turns: 1, tools: 1, basis: 'per_run', answered: false },
  'http-quota': { code: 'quota_exhausted', turns: 0, basis: 'none', answered: false },
  'kill-int-stream': { code: 'interrupted', alone: 'truncated', turns: 0, basis: 'none', answered: false },
  'kill-term-early': { code: 'interrupted', alone: 'start_failed', turns: 0, basis: 'none', answered: false },
  'kill-term-request2': {
    code: 'interrupted',
    alone: 'truncated',
    turns: 1,
    tools: 1,
    basis: 'per_run',
    answered: false,
  },
  'length-mid': { code: 'output_limit', turns: 2, tools: 1, basis: 'per_run' },
  'length-tool': { turns: 2, tools: 1, basis: 'per_run' },
  'malformed-html': { code: 'interrupted', alone: 'truncated', turns: 99, basis: 'per_run', answered: false },
  mcp: { turns: 2, tools: 2, basis: 'per_run', toolErrors: 1 },
  'model-bad-logs': { code: 'model_unavailable', alone: 'agent_failed', turns: 0, basis: 'none', answered: false },
  'model-noprovider': { code: 'agent_failed', turns: 0, basis: 'none', answered: false },
  'no-key-anthropic': { code: 'agent_failed', turns: 0, basis: 'none', answered: false },
  'no-key-openai-logs': { code: 'model_unavailable', alone: 'agent_failed', turns: 0, basis: 'none', answered: false },
  'npm-missing': { code: 'agent_failed', turns: 0, basis: 'none', answered: false },
  'perm-ask': { alone: 'truncated', turns: 1, tools: 1, basis: 'per_run', toolErrors: 1, answered: false },
  'perm-deny': { turns: 2, tools: 1, basis: 'per_run' },
  'resume-401': { code: 'auth_failed', turns: 0, basis: 'none', answered: false },
  'resume-fork': { turns: 1, basis: 'per_run' },
  'session-badformat': { code: 'session_unavailable', alone: 'start_failed', turns: 0, basis: 'none', answered: false },
  'sse-error-mid': { code: 'upstream_error', turns: 1, tools: 1, basis: 'partial', answered: false },
  'sse-quota': { code: 'quota_exhausted', turns: 0, basis: 'none', answered: false },
  'steps-limit': { turns: 3, tools: 2, basis: 'per_run' },
  sub: { turns: 2, tools: 1, subagents: 1, basis: 'per_run' },
  'sub-fails': { turns: 2, tools: 1, subagents: 1, basis: 'per_run', toolErrors: 1 },
  thinking: { turns: 2, tools: 1, basis: 'per_run' },
  'title-fails': { turns: 1, basis: 'per_run' },
  'tool-badjson': { turns: 2, tools: 1, basis: 'per_run' },
  'tool-last-stop': { turns: 2, tools: 1, basis: 'per_run' },
  'tool-parallel': { turns: 2, tools: 3, basis: 'per_run', toolErrors: 1 },
  'tool-utf8': { turns: 2, tools: 1, basis: 'per_run' },
}

function parse(name: string, alone = false): OpencodeSummary {
  const recording = findRecording(recordings, name)
  const parser = createOpencodeParser()
  parser.feed(recording.stdout)
  return parser.end(alone ? {} : recording.end)
}

describe('recordings of other situations', () => {
  it('are all judged here', () =>
    expect(Object.keys(expected).sort()).toEqual(recordings.map(({ name }) => name).sort()))

  it.each(Object.entries(expected))('%s', (name, { code = null, alone = code, ...counts }) => {
    const summary = parse(name)
    const { numTurns: turns, toolCalls: tools, toolErrors, subagents, usageBasis: basis, answered } = summary
    expect({ code: summary.errorCode, turns, tools, toolErrors, subagents, basis, answered }).toEqual({
      code,
      tools: 0,
      toolErrors: 0,
      subagents: 0,
      answered: true,
      ...counts,
    })
    expect(summary.errorMessage === null).toBe(code === null)
    expect(summary.evidence.length).toBeGreaterThan(0)
    expect(summary.unknownTypes).toEqual({})
    expect(parse(name, true).errorCode).toBe(alone)
  })

  it('have the tokens and the cost of the steps', () => {
    expect(parse('compact-auto').costUsd).toBeCloseTo(0.57018 + 0.001713 + 0.0024771, 10)
    expect(parse('compact-auto')).toMatchObject({ compactions: 1, contextTokens: 7683, result: 'Summary of all.' })
    expect(parse('sse-error-mid')).toMatchObject({ usageBasis: 'partial', usage: { outputTokens: 14 } })
  })

  it('take a quota of OpenCode’s own gateway for one', () => {
    expect(parse('free-tier').evidence).toMatchObject([{ source: 'error', value: 'FreeUsageLimitError' }])
  })

  it('take no word of an answer for a reason', () => {
    expect(parse('default-format').errorMessage).toMatch(
      /^OpenCode printed text and no event\. Start it with --format json\./,
    )
  })
})
