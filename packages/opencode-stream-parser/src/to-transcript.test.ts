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
  it('show reasoning, text, the call, its result and the end of each step', () => {
    expect(kinds(transcript('thinking-tool'))).toBe(
      'thinking assistant tool_call tool_result result thinking assistant result',
    )
  })

  it('carry what the entry shows', () => {
    const [said, call, result, step] = transcript('tool-bash')
    expect(said).toMatchObject({ kind: 'assistant', ts, text: 'I will run the checks.' })
    expect(call).toMatchObject({ kind: 'tool_call', name: 'bash', input: { command: expect.any(String) } })
    expect(result).toMatchObject({
      kind: 'tool_result',
      toolName: 'bash',
      isError: false,
      content: expect.stringContaining('ok 1'),
    })
    expect(step).toMatchObject({
      kind: 'result',
      subtype: 'tool-calls',
      inputTokens: 1024,
      outputTokens: 25,
      costUsd: 0.003447,
    })
  })

  it('show how a call failed', () => {
    const failed = transcript('tools-bad').filter((entry) => entry.kind === 'tool_result' && entry.isError)
    expect(failed).toHaveLength(2)
    expect(failed[1]).toMatchObject({ content: expect.stringContaining('File not found') })
  })

  it('show an error with its status', () => {
    expect(transcript('auth-401')).toEqual([{ kind: 'system', ts, text: 'APIError 401: invalid x-api-key' }])
  })

  it("show the CLI's own words as a user's", () => {
    expect(kinds(transcript('compaction'))).toContain('assistant result user assistant result')
  })

  it('show lines that are not JSON as they are, by stream', () => {
    expect(toTranscript('words', ts)).toEqual([{ kind: 'stdout', ts, text: 'words' }])
    expect(toTranscript('words', ts, 'stderr')).toEqual([{ kind: 'stderr', ts, text: 'words' }])
    expect(toTranscript('{"type":"novelty"}', ts)).toEqual([{ kind: 'stdout', ts, text: '{"type":"novelty"}' }])
    expect(toTranscript('', ts)).toEqual([])
  })

  it.each(recordings)('$name: every line gives entries without a throw, the same twice', ({ stdout }) => {
    for (const line of new TextDecoder().decode(stdout).split('\n')) {
      expect(toTranscript(line, ts)).toEqual(toTranscript(line, ts))
    }
  })
})
