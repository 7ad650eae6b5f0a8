import { describe, expect, it } from 'vitest'
import { describeVerdicts } from '@agent-jobs/stream-parser-core/test/describe-verdicts.ts'
import { recording as recordingOf, recordings, type Recording } from './__fixtures__/recordings.ts'
import { type AgentErrorCode, createOpencodeParser, type OpencodeSummary, type ProcessEnd } from './index.ts'

/** The verdict on every recording that is not a plain success. */
const failures: Readonly<Record<string, AgentErrorCode>> = {
  'auth-401': 'auth_failed',
  // Unknown model, unknown provider, missing key: only the CLI's log has the reason.
  'auth-none': 'agent_failed',
  'bad-flag': 'start_failed',
  'bad-request': 'bad_request',
  'big-answer-truncated': 'truncated',
  'billing-402': 'billing_required',
  'config-invalid': 'start_failed',
  'db-env-nodir': 'start_failed',
  'db-readonly': 'start_failed',
  'doom-loop': 'interrupted',
  empty: 'empty_response',
  'empty-stdin': 'start_failed',
  'max-tokens': 'output_limit',
  'model-invalid': 'agent_failed',
  'model-invalid-logs': 'model_unavailable',
  'model-not-found': 'model_unavailable',
  'null-stop': 'interrupted',
  'overloaded-529': 'overloaded',
  'prompt-too-long': 'context_overflow',
  'rate-limit-429': 'rate_limited',
  refusal: 'model_refusal',
  refused: 'upstream_error',
  'request-too-large': 'context_overflow',
  reset: 'upstream_error',
  'resume-other-cwd': 'interrupted',
  'server-500': 'upstream_error',
  'session-unknown': 'session_unavailable',
  'sigkill-midline': 'interrupted',
  'sigkill-steps': 'interrupted',
  'sigterm-drip': 'interrupted',
  'sigterm-tool': 'interrupted',
  'start-race': 'start_failed',
}

/** What the stream alone says where the end of the process or stderr makes a difference. */
const alone: Readonly<Record<string, AgentErrorCode>> = {
  'doom-loop': 'truncated',
  'model-invalid-logs': 'agent_failed',
  'null-stop': 'truncated',
  'permission-ask': 'truncated',
  'resume-other-cwd': 'start_failed',
  'session-unknown': 'start_failed',
  'sigkill-midline': 'truncated',
  'sigkill-steps': 'truncated',
  'sigterm-drip': 'truncated',
  'sigterm-tool': 'truncated',
}

function parse(recording: Recording, end: ProcessEnd): OpencodeSummary {
  const parser = createOpencodeParser()
  parser.feed(recording.stdout)
  return parser.end(end)
}

type Step = { tokens: Record<string, number> & { cache: Record<string, number> }; cost: number; reason: string }

function stepsOf({ lines }: Recording): Step[] {
  return lines.filter((line) => line['type'] === 'step_finish').map((line) => line['part'] as Step)
}

describeVerdicts({ recordings, parse, failures, alone, odd: ['empty', 'max-tokens', 'big-answer-truncated'] })

describe('every recording of the real command line', () => {
  it('is here', () => expect(recordings).toHaveLength(73))

  it.each(recordings)('$name: session, steps and tools are the ones printed', (recording) => {
    const summary = parse(recording, recording.end)
    expect(summary.sessionId).toBe(recording.lines[0]?.['sessionID'] ?? null)
    expect(summary.numTurns).toBe(stepsOf(recording).length)
    expect(summary.finishReason).toBe(stepsOf(recording).at(-1)?.reason ?? null)
    expect(summary.toolCalls).toBe(recording.lines.filter((line) => line['type'] === 'tool_use').length)
    expect(summary.unknownEvents).toBe(0)
  })

  it.each(recordings)('$name: tokens and cost are the sum of the steps, the context that of the last', (recording) => {
    const summary = parse(recording, recording.end)
    const steps = stepsOf(recording)
    const sum = (of: (step: Step) => number | undefined): number =>
      steps.reduce((total, step) => total + (of(step) ?? 0), 0)
    expect(summary.usage).toEqual({
      inputTokens: sum(({ tokens }) => tokens['input']),
      outputTokens: sum(({ tokens }) => (tokens['output'] ?? 0) + (tokens['reasoning'] ?? 0)),
      reasoningTokens: sum(({ tokens }) => tokens['reasoning']),
      cacheReadInputTokens: sum(({ tokens }) => tokens.cache['read']),
      cacheCreationInputTokens: sum(({ tokens }) => tokens.cache['write']),
    })
    expect(summary.costUsd === null).toBe(steps.length === 0)
    expect(summary.costUsd ?? 0).toBeCloseTo(
      sum(({ cost }) => cost),
      12,
    )
    expect(summary.contextTokens).toBe(steps.at(-1)?.tokens['total'] ?? null)
  })
})

describe('what a run came to', () => {
  const of = (name: string): OpencodeSummary => {
    const found = recordingOf(name)
    return parse(found, found.end)
  }

  it('has the last text as its result', () => {
    expect(of('tool-bash').result).toBe('All checks pass: 2 ok.')
  })

  it('takes the text of a compaction neither for the result nor for an end', () => {
    expect(of('compaction')).toMatchObject({ compactions: 1, answered: true, errorCode: null, contextTokens: 3020 })
    expect(of('compaction').result).not.toMatch(/Continue if you have next steps/)
    expect(of('request-too-large')).toMatchObject({ answered: false, finished: false, result: null })
  })

  it('counts tool errors without taking them for a failure', () => {
    expect(of('tools-bad')).toMatchObject({ errorCode: null, toolErrors: 1, invalidToolCalls: 1, toolCalls: 2 })
  })

  it('says that a rejected permission left the run without an answer', () => {
    expect(of('permission-ask')).toMatchObject({
      errorCode: null,
      answered: false,
      toolErrors: 1,
      finishReason: 'tool-calls',
    })
  })

  it('knows when the provider wants to be asked again', () => {
    expect(of('rate-limit-429')).toMatchObject({ retryAfterMs: 1000, lastError: { status: 429, retryable: true } })
  })

  it('counts sub-agents', () => expect(of('subagent').subagents).toBe(1))

  it('is partial when a step broke off', () => {
    expect(of('sigkill-steps')).toMatchObject({ usageBasis: 'partial', stepsBegun: 2, numTurns: 1, costUsd: 0.003447 })
  })

  it('is finished when it answered or failed permanently', () => {
    expect(of('success').finished).toBe(true)
    expect(of('auth-401').finished).toBe(true)
    expect(of('sigterm-tool').finished).toBe(false)
  })
})
