import { describe, expect, it } from 'vitest'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { toTranscript, type TranscriptEntry } from './index.ts'

const ts = '2026-11-29T20:00:00.000Z'

function transcript(name: string): TranscriptEntry[] {
  return new TextDecoder()
    .decode(recording(name).stdout)
    .split('\n')
    .flatMap((line) => toTranscript(line, ts))
}

const kinds = (entries: readonly TranscriptEntry[]): string => entries.map(({ kind }) => kind).join(' ')

describe('transcript entries', () => {
  it('show the thread, thoughts, messages, calls with their results and the end', () => {
    expect(kinds(transcript('rollout'))).toBe(
      'system thinking assistant tool_call tool_result thinking assistant result',
    )
  })

  it('carry what the entry shows', () => {
    const [, said, call, result, answer, end] = transcript('tool-shell')
    expect(said).toMatchObject({ kind: 'assistant', ts, text: 'I will run the checks.' })
    expect(call).toMatchObject({ kind: 'tool_call', name: 'command_execution', toolUseId: 'item_1' })
    expect(result).toMatchObject({ toolUseId: 'item_1', isError: false, content: expect.stringContaining('ok 1') })
    expect(answer).toMatchObject({ kind: 'assistant', text: 'All checks pass: 2 ok.' })
    expect(end).toMatchObject({ kind: 'result', subtype: 'thread_total', inputTokens: 2048, outputTokens: 50 })
  })

  it('show how a call failed', () => {
    const failed = (name: string) => transcript(name).find((entry) => entry.kind === 'tool_result' && entry.isError)
    expect(failed('tool-code-mode-many')).toMatchObject({ content: 'beta\n\n[exit code 4]' })
    expect(failed('mcp-tool-timeout')).toMatchObject({ content: expect.stringContaining('tool call error') })
  })

  it('show patches, MCP calls, searches, plans and sub-agents', () => {
    const call = (name: string) => transcript(name).find((entry) => entry.kind === 'tool_call')
    expect(transcript('tool-apply-patch')).toContainEqual(
      expect.objectContaining({ kind: 'tool_result', content: 'add /paperclip/work/demo/notes.md' }),
    )
    expect(call('mcp-tool')).toMatchObject({ name: 'demo/lookup', input: { word: 'orphan' } })
    expect(call('tool-web-search')).toMatchObject({ name: 'web_search', input: { type: 'search' } })
    expect(call('tool-subagent')).toMatchObject({ name: 'spawn_agent', input: { prompt: expect.any(String) } })
    expect(transcript('tool-plan-on')).toContainEqual({ kind: 'system', ts, text: '[ ] Look around\n[ ] Report' })
    expect(transcript('tool-plan-on')).toContainEqual({ kind: 'system', ts, text: '[x] Look around\n[x] Report' })
  })

  it('show warnings, retry notices and the reason of a failed turn', () => {
    expect(transcript('auth-403').at(-1)).toMatchObject({
      kind: 'result',
      subtype: 'failed',
      isError: true,
      text: 'Project `proj_demo` does not have access to model `gpt-5.5`',
    })
    expect(transcript('rate-limit-429-once')[1]).toMatchObject({
      kind: 'system',
      text: expect.stringMatching(/^Recon/),
    })
    expect(transcript('model-404')[1]).toMatchObject({ kind: 'system', text: expect.stringMatching(/^Warning: Model/) })
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
