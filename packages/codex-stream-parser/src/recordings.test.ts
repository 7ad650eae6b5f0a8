import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeVerdicts } from '@agent-jobs/stream-parser-core/test/describe-verdicts.ts'
import { besideRecording, recording as recordingOf, recordings, type Recording } from './__fixtures__/recordings.ts'
import {
  type AgentErrorCode,
  type CodexParserOptions,
  type CodexSummary,
  type CodexUsage,
  createCodexParser,
  type ProcessEnd,
} from './index.ts'

/** The verdict on every recording that is not a plain success. */
const failures: Readonly<Record<string, AgentErrorCode>> = {
  'auth-401': 'auth_failed',
  'auth-403': 'model_unavailable',
  'bad-flag': 'start_failed',
  'bad-request': 'bad_request',
  'billing-402': 'billing_required',
  'chatgpt-401-revoked': 'auth_failed',
  'chatgpt-refresh-expired': 'auth_failed',
  'codex-home-missing': 'start_failed',
  'config-corrupt': 'start_failed',
  'config-provider-unknown': 'start_failed',
  'config-wire-chat': 'start_failed',
  'context-length': 'context_overflow',
  'context-length-after-tool': 'context_overflow',
  'dns-fails': 'interrupted',
  empty: 'empty_response',
  endless: 'interrupted',
  'fallback-bad-request': 'bad_request',
  'home-readonly': 'start_failed',
  'invalid-prompt': 'model_refusal',
  'json-off': 'start_failed',
  'key-missing': 'auth_failed',
  'last-message-failed': 'model_unavailable',
  'late-message': 'empty_response',
  'max-output': 'output_limit',
  'model-404': 'model_unavailable',
  'openai-no-network': 'interrupted',
  'openai-websocket-401': 'auth_failed',
  'openai-websocket-usage-limit': 'quota_exhausted',
  'overloaded-503': 'overloaded',
  'quota-429': 'quota_exhausted',
  'rate-limit-429': 'rate_limited',
  'rate-limit-429-bare': 'rate_limited',
  'rate-limit-429-hour': 'interrupted',
  'rate-limit-event-always': 'rate_limited',
  'reasoning-only': 'empty_response',
  refusal: 'empty_response',
  refused: 'interrupted',
  'refused-unbounded-off': 'upstream_error',
  'resume-json-off': 'start_failed',
  'resume-no-prompt': 'start_failed',
  'resume-rollout-garbage': 'session_unavailable',
  'resume-rollout-gone': 'session_unavailable',
  'resume-unknown': 'session_unavailable',
  'schema-invalid-file': 'start_failed',
  'server-500': 'upstream_error',
  'server-502-html': 'upstream_error',
  'server-error-event': 'upstream_error',
  'sigint-tool': 'interrupted',
  'sigkill-tool': 'interrupted',
  sigpipe: 'agent_failed',
  'sigterm-early': 'interrupted',
  'sigterm-pid1': 'interrupted',
  'sigterm-retry': 'interrupted',
  'sigterm-tool': 'interrupted',
  'sigterm-tool-node-shim': 'interrupted',
  silent: 'interrupted',
  'silent-default': 'interrupted',
  'stdin-bad-utf8': 'start_failed',
  'stdin-empty': 'start_failed',
  'stdin-huge': 'start_failed',
  'stdin-open': 'interrupted',
  'stdout-full-disk': 'agent_failed',
  'stream-cut': 'upstream_error',
  'stream-cut-in-tool': 'upstream_error',
  'stream-eof': 'upstream_error',
  'stream-idle': 'upstream_error',
  'stream-idle-default': 'interrupted',
  'tool-rules-broken': 'start_failed',
  'usage-limit': 'quota_exhausted',
}

/** What the stream alone says where the end of the process or stderr makes a difference. */
const alone: Readonly<Record<string, AgentErrorCode>> = {
  'dns-fails': 'truncated',
  endless: 'truncated',
  'openai-no-network': 'truncated',
  'rate-limit-429-hour': 'truncated',
  refused: 'truncated',
  'resume-rollout-garbage': 'start_failed',
  'resume-rollout-gone': 'start_failed',
  'resume-unknown': 'start_failed',
  'sigint-tool': 'truncated',
  'sigkill-tool': 'truncated',
  sigpipe: 'truncated',
  'sigterm-early': 'start_failed',
  'sigterm-pid1': 'truncated',
  'sigterm-retry': 'truncated',
  'sigterm-tool': 'truncated',
  'sigterm-tool-node-shim': 'truncated',
  silent: 'truncated',
  'silent-default': 'truncated',
  'stdin-huge': 'truncated',
  'stdin-open': 'start_failed',
  'stdout-full-disk': 'start_failed',
  'stream-idle-default': 'truncated',
}

interface Expected {
  /** Tool calls by name. */
  readonly tools?: Readonly<Record<string, number>>
  readonly toolErrors?: number
  readonly unfinished?: number
  readonly subagents?: number
  readonly warnings?: number
  readonly retries?: number
  readonly repeated?: number
}

/** Judged by hand from what the model server was asked and from the lines; a recording that is not here has none. */
const counts: Readonly<Record<string, Expected>> = {
  'auth-401': { retries: 5 },
  'config-unknown-key': { warnings: 2 },
  'disk-full': { tools: { command_execution: 1 }, warnings: 1 },
  endless: { tools: { command_execution: 152 } },
  'mcp-tool': { tools: { 'demo/lookup': 1 } },
  'mcp-tool-rpc-error': { tools: { 'demo/lookup': 1 }, toolErrors: 1 },
  'mcp-tool-timeout': { tools: { 'demo/lookup': 1 }, toolErrors: 1 },
  'openai-no-auth': { warnings: 1, retries: 4 },
  'rate-limit-429-once': { retries: 1 },
  'resume-no-model': { warnings: 1 },
  'sandbox-pod': { tools: { command_execution: 1 }, toolErrors: 1 },
  'sandbox-read-only': {},
  'sigint-tool': { tools: { command_execution: 1 }, unfinished: 1 },
  'sigkill-tool': { tools: { command_execution: 1 }, unfinished: 1 },
  'stream-cut-many': { retries: 3 },
  'stream-cut-tool-rerun': { tools: { command_execution: 1 }, retries: 1 },
  'stream-eof': { retries: 2, repeated: 2 },
  success: {},
  'tool-apply-patch': { tools: { command_execution: 1, file_change: 2 } },
  'tool-code-mode-many': { tools: { command_execution: 3, file_change: 1 }, toolErrors: 1 },
  'tool-left-running': { tools: { command_execution: 1 }, unfinished: 1 },
  'tool-parallel': { tools: { command_execution: 3 } },
  'tool-plan-on': { tools: { command_execution: 1 } },
  'tool-rm': {},
  'tool-subagent': { tools: { spawn_agent: 1, wait: 1 }, subagents: 1, warnings: 1 },
  'tool-subagent-code-mode': { tools: { wait: 1 } },
  'tool-web-search': { tools: { web_search: 2 } },
  'tricky-events': { tools: { command_execution: 1 }, toolErrors: 1 },
}

function parse(recording: Recording, end: ProcessEnd, options: CodexParserOptions = {}): CodexSummary {
  const parser = createCodexParser(options)
  parser.feed(recording.stdout)
  return parser.end(end)
}

const of = (name: string, options?: CodexParserOptions): CodexSummary => {
  const found = recordingOf(name)
  return parse(found, found.end, options)
}

/** Tokens of the last `turn.completed`, read without the parser. */
function printedTokens({ lines }: Recording): Record<string, number> | undefined {
  return lines.find(({ type }) => type === 'turn.completed')?.['usage'] as Record<string, number> | undefined
}

describeVerdicts({
  recordings,
  parse,
  failures,
  alone,
  odd: ['empty', 'json-off', 'late-message', 'reasoning-only', 'refusal', 'resume-json-off'],
})

describe('every recording of the real command line', () => {
  it('is here', () => expect(recordings).toHaveLength(176))

  it.each(recordings)('$name: the session is the thread of the first line, and every type is known', (recording) => {
    const summary = parse(recording, recording.end)
    expect(summary.sessionId).toBe(recording.lines[0]?.['thread_id'] ?? null)
    expect(summary.unknownTypes).toEqual({})
    expect(summary.finished).toBe(
      recording.lines.some(({ type }) => type === 'turn.completed' || type === 'turn.failed'),
    )
  })

  it.each(recordings)('$name: the tokens are those of the thread until an earlier total is given', (recording) => {
    const summary = parse(recording, recording.end)
    const printed = printedTokens(recording)
    expect(summary.usageBasis).toBe(printed ? 'session_cumulative' : 'none')
    expect(parse(recording, recording.end, { previousUsage: null }).usageBasis).toBe(printed ? 'per_run' : 'none')
    const { inputTokens, cacheReadInputTokens, cacheCreationInputTokens, outputTokens, reasoningTokens } = summary.usage
    const zero = { input_tokens: 0, cached_input_tokens: 0, cache_write_input_tokens: 0 }
    expect({
      input_tokens: inputTokens + cacheReadInputTokens,
      cached_input_tokens: cacheReadInputTokens,
      cache_write_input_tokens: cacheCreationInputTokens,
      output_tokens: outputTokens,
      reasoning_output_tokens: reasoningTokens,
    }).toEqual(printed ?? { ...zero, output_tokens: 0, reasoning_output_tokens: 0 })
    expect(summary.threadUsage).toEqual(printed ? summary.usage : null)
  })

  it.each(recordings)('$name: every tool call is counted once', (recording) => {
    const texts = new Set(['agent_message', 'reasoning', 'error', 'todo_list'])
    const ids = recording.lines
      .map(({ item }) => item as { id: string; type: string } | undefined)
      .flatMap((item) => (item === undefined || texts.has(item.type) ? [] : [item.id]))
    expect(parse(recording, recording.end).toolCalls).toBe(new Set(ids).size)
  })

  it.each(Object.entries(counts))('%s: calls, warnings and retries are the ones that happened', (name, expected) => {
    const summary = of(name)
    expect({
      tools: summary.toolCallsByName,
      toolErrors: summary.toolErrors,
      unfinished: summary.unfinishedToolCalls,
      subagents: summary.subagents,
      warnings: summary.warnings,
      retries: summary.retries,
      repeated: summary.repeatedTexts,
    }).toEqual({
      tools: {},
      toolErrors: 0,
      unfinished: 0,
      subagents: 0,
      warnings: 0,
      retries: 0,
      repeated: 0,
      ...expected,
    })
  })
})

describe('the usage of a resumed run', () => {
  const before = (name: string): CodexUsage | null => {
    const parser = createCodexParser()
    parser.feed(readFileSync(besideRecording(name, 'before-1.stdout.jsonl')))
    return parser.end().threadUsage
  }

  it.each([
    ['resume', 2048, 50],
    ['resume-other-cwd', 2048, 50],
    ['resume-rollout-only', 2048, 50],
    ['resume-flat-rollout', 1024, 25],
    ['fork', 2048, 50],
    ['two-resumes', 2048, 50],
  ])('in %s is the thread’s total less the total before', (name, inputTokens, outputTokens) => {
    const summary = of(name, { previousUsage: before(name) })
    expect(summary).toMatchObject({ usageBasis: 'per_run', usage: { inputTokens, outputTokens } })
    expect(summary.threadUsage?.inputTokens).toBeGreaterThan(inputTokens)
  })

  it('is not claimed where the earlier total is larger than the thread’s', () => {
    const previousUsage = { ...(of('resume').threadUsage ?? of('resume').usage), inputTokens: 1e9 }
    expect(of('resume', { previousUsage })).toMatchObject({
      usageBasis: 'session_cumulative',
      usage: { inputTokens: 4096 },
    })
  })

  it('of a failed turn is not known', () => {
    expect(of('auth-401', { previousUsage: null })).toMatchObject({ usageBasis: 'none', threadUsage: null })
  })

  it('tells cached, written and reasoning tokens apart', () => {
    expect(of('usage-cache').usage).toEqual({
      inputTokens: 1234,
      outputTokens: 7890,
      reasoningTokens: 0,
      cacheReadInputTokens: 123_456,
      cacheCreationInputTokens: 5432,
    })
    expect(of('reasoning').usage.reasoningTokens).toBe(21)
  })
})

describe('the answer', () => {
  it('is the last message of a run that completed its turn', () => {
    expect(of('tool-shell').result).toBe('All checks pass: 2 ok.')
    expect(of('success-last-message').result).toBe('Two files: README.md and package.json.')
    expect(of('late-message')).toMatchObject({ result: '', errorCode: 'empty_response' })
  })

  it('of a failed run is none, but its last text is kept', () => {
    expect(of('stream-eof')).toMatchObject({ result: null, lastText: 'This answer ends without a completed event.' })
  })
})

describe('what a run says besides', () => {
  it('has the time at which a usage limit ends, of the day of the run', () => {
    expect(of('usage-limit').retryNotBeforeMs).toBe(Date.UTC(2026, 10, 29, 21, 51))
    expect(of('openai-websocket-usage-limit').retryNotBeforeMs).toBe(Date.UTC(2026, 10, 29, 21, 59))
    const now = (): number => Date.UTC(2026, 11, 5, 23, 0)
    expect(of('usage-limit', { now }).retryNotBeforeMs).toBe(Date.UTC(2026, 11, 6, 21, 51))
  })

  it('has the wait that a rate limit names', () => {
    expect(of('rate-limit-event-always', { now: () => 1000 }).retryNotBeforeMs).toBe(2500)
  })

  it('names what a stopped run was waiting for', () => {
    expect(of('refused').errorMessage).toMatch(/Reconnecting\.\.\. waiting for network/)
  })

  it('warns that a session which could not be saved cannot be resumed', () => {
    expect(of('disk-full')).toMatchObject({ transcriptUnsaved: true, errorCode: null })
    expect(of('config-unknown-key')).toMatchObject({ transcriptUnsaved: false })
  })
})
