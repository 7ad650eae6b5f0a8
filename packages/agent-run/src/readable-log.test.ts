import { assert, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReadableLog, readReadableLine } from './readable-log.ts'

describe('the readable log of a run', () => {
  const ts = '2026-11-30T01:00:00.000Z'
  const entries = [
    { kind: 'init', sessionId: 's-1', model: 'claude-opus-5' },
    { kind: 'thinking', text: 'The changelog is short.' },
    { kind: 'assistant', text: 'I look first.\n\nThen I change it.\n' },
    { kind: 'tool_call', toolUseId: 'toolu_01', name: 'Bash', input: { command: 'ls -la\npwd', timeout: 3 } },
    { kind: 'tool_result', toolUseId: 'toolu_01', content: 'total 4\na.txt\n', isError: false },
    { kind: 'tool_call', toolUseId: 'toolu_02', name: 'Read', input: {}, parentToolUseId: 'toolu_01' },
    { kind: 'tool_result', toolUseId: 'toolu_02', content: 'no such file', isError: true },
    { kind: 'stdout', text: 'plain output' },
    { kind: 'result', inputTokens: 1234, outputTokens: 5, costUsd: 0.0123, subtype: 'success', isError: false },
    { kind: 'result', inputTokens: 1, outputTokens: 0, costUsd: 0, subtype: 'error', isError: true, errors: ['401'] },
  ]
  const lines = () => createReadableLog().lines(entries)

  it('reads like a conversation, with numbered tool calls', () => {
    expect(lines()).toEqual([
      '◇ Session s-1 · model claude-opus-5',
      '… The changelog is short.',
      '▸ I look first.',
      '▸ ',
      '▸ Then I change it.',
      '⚙ [1] Bash command: ls -la ⏎ pwd · timeout: 3',
      '↳ [1] total 4',
      '↳ [1] a.txt',
      '│ ⚙ [2] Read',
      '✗ [2] no such file',
      'plain output',
      '■ Done: 1,234 tokens in, 5 out, $0.0123',
      '■ Failed: error: 401 (1 tokens in, 0 out)',
    ])
  })

  it('shows the beginning of a very long result, and how much is missing', () => {
    const content = Array.from({ length: 5000 }, (_, at) => `line ${at}`).join('\n')
    const shown = createReadableLog().lines([{ kind: 'tool_result', toolUseId: 'x', content, isError: false }])
    expect(shown).toHaveLength(201)
    expect(shown.at(-1)).toBe('↳ [1] … 4,800 more lines')
    const [long] = createReadableLog().lines([{ kind: 'assistant', text: 'x'.repeat(10_000) }])
    expect(long?.length).toBeLessThan(4_100)
  })

  it('is read back line by line, without the lines around', () => {
    const back = lines().map((line) => readReadableLine(line, ts))
    expect(back.map((entry) => entry?.kind ?? null)).toEqual([
      'init',
      'thinking',
      'assistant',
      'assistant',
      'assistant',
      'tool_call',
      'tool_result',
      'tool_result',
      'tool_call',
      'tool_result',
      null,
      'system',
      'system',
    ])
    expect(back[0]).toEqual({ kind: 'init', ts, sessionId: 's-1', model: 'claude-opus-5' })
    expect(back[2]).toEqual({ kind: 'assistant', ts, text: 'I look first.\n', delta: true })
    expect(back[5]).toMatchObject({ toolUseId: '1', name: 'Bash', input: 'command: ls -la ⏎ pwd · timeout: 3' })
    expect(back[9]).toMatchObject({ toolUseId: '2', content: 'no such file', isError: true })
  })

  it('never fails on what an agent prints', () => {
    assert(
      property(string(), string(), (name, content) => {
        const shown = createReadableLog().lines([
          { kind: 'assistant', text: content },
          { kind: 'tool_call', toolUseId: name, name, input: { [name]: content } },
          { kind: name, text: content },
        ])
        for (const line of shown) {
          expect(line).not.toContain('\n')
          readReadableLine(line, ts)
        }
      }),
    )
  })
})
