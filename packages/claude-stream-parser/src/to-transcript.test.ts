import { describe, expect, it } from 'vitest'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { toTranscript, type TranscriptEntry } from './index.ts'

const ts = '2026-11-21T09:00:00.000Z'

function transcript(name: string): TranscriptEntry[] {
  return new TextDecoder()
    .decode(recording(name).stdout)
    .split('\n')
    .flatMap((line) => toTranscript(line, ts))
}

const kinds = (entries: readonly TranscriptEntry[]): string => entries.map(({ kind }) => kind).join(' ')

describe('transcript entries', () => {
  it('show thinking, text, the call and its result in their order', () => {
    expect(kinds(transcript('thinking-tool'))).toBe(
      'init thinking assistant tool_call tool_result thinking assistant result',
    )
  })

  it('carry what the entry shows', () => {
    const [init, said, call, result, answer, end] = transcript('tool-bash')
    expect(init).toMatchObject({ kind: 'init', ts, model: 'claude-opus-5-5' })
    expect(said).toMatchObject({ kind: 'assistant', text: 'I will run the checks.' })
    expect(call).toMatchObject({ kind: 'tool_call', name: 'Bash', input: { command: expect.any(String) } })
    expect(result).toMatchObject({ kind: 'tool_result', isError: false, content: expect.stringContaining('ok 1') })
    expect(answer).toMatchObject({ kind: 'assistant', text: 'All checks pass: 2 ok.' })
    expect(end).toMatchObject({
      kind: 'result',
      subtype: 'success',
      isError: false,
      inputTokens: 2048,
      outputTokens: 50,
    })
  })

  it('join a call and its result by the id of the call', () => {
    const entries = transcript('tools-edit')
    const calls = entries.flatMap((entry) => (entry.kind === 'tool_call' ? [entry.toolUseId] : []))
    const results = entries.flatMap((entry) => (entry.kind === 'tool_result' ? [entry.toolUseId] : []))
    expect(results).toEqual(calls)
  })

  it('mark what belongs to a sub-agent', () => {
    const own = transcript('subagent-sync').filter(({ parentToolUseId }) => parentToolUseId === undefined)
    const calls = own.flatMap((entry) => (entry.kind === 'tool_call' ? [entry.name] : []))
    expect(calls).toEqual(['Agent', 'Agent'])
  })

  it('show retries and an API error as words of the system, not of the agent', () => {
    const entries = transcript('server-500')
    expect(kinds(entries)).toBe('init system system system result')
    expect(entries[1]).toMatchObject({ text: expect.stringMatching(/^API error 500 server_error; retry 1 of 2 in \d/) })
  })

  it('show the cost of this run, not the total of the session', () => {
    const result = transcript('resume').at(-1)
    expect(result).toMatchObject({ kind: 'result', costUsd: expect.closeTo(0.004596, 6) })
  })

  it('list the errors of a run without an answer', () => {
    expect(transcript('max-turns-1').at(-1)).toMatchObject({
      kind: 'result',
      isError: true,
      subtype: 'error_max_turns',
      errors: ['Reached maximum number of turns (1)'],
    })
  })

  it('leave out the pieces of a message that follows as a whole', () => {
    expect(kinds(transcript('partial-messages'))).toBe('init assistant result')
  })

  it('show lines that are not JSON as they are, by stream', () => {
    expect(toTranscript('plain words', ts)).toEqual([{ kind: 'stdout', ts, text: 'plain words' }])
    expect(toTranscript('plain words', ts, 'stderr')).toEqual([{ kind: 'stderr', ts, text: 'plain words' }])
    expect(toTranscript('{"type":"result","subtype"', ts)).toMatchObject([{ kind: 'stdout' }])
    expect(toTranscript('  ', ts)).toEqual([])
  })

  it('show an unknown type as its line', () => {
    const line = '{"type":"novelty","x":1}'
    expect(toTranscript(line, ts)).toEqual([{ kind: 'stdout', ts, text: line }])
  })

  it('unfold the array of --output-format json', () => {
    expect(kinds(transcript('format-json'))).toBe('init assistant tool_call tool_result assistant result')
  })

  it.each([
    ['model_fallback', 'fallback-recovers', /Switched to/],
    ['compact_boundary', 'compact', /Conversation compacted: 1049 → 2689 tokens/],
    ['hook_response', 'hooks', /Hook SessionStart:startup \(success\): session-start-hook/],
    ['permission_denied', 'permission-denied-bash', /Permission denied for Bash/],
    ['task_notification', 'subagent-async', /Task completed/],
    ['rate_limit_event', 'rate-limit-429-usage-oauth', /Usage limit five_hour: rejected/],
  ])('put %s into words', (_, name, words) => {
    const texts = transcript(name).flatMap((entry) => (entry.kind === 'system' ? [entry.text] : []))
    expect(texts.some((text) => words.test(text))).toBe(true)
  })

  it.each(recordings)('$name: every line gives entries without a throw, the same twice', ({ stdout }) => {
    for (const line of new TextDecoder().decode(stdout).split('\n')) {
      expect(toTranscript(line, ts)).toEqual(toTranscript(line, ts))
    }
  })
})
