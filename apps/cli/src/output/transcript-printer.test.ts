import { describe, expect, it } from 'vitest'
import type { TranscriptEntry } from '@agent-jobs/agent-run'
import { createStyle } from './style.ts'
import { printTranscript } from './transcript-printer.ts'

const print = (entry: TranscriptEntry): string[] => printTranscript(entry, createStyle(false))

describe('printTranscript', () => {
  it('indents what a sub-agent does', () => {
    expect(print({ kind: 'assistant', text: 'Found', parentToolUseId: 't' })).toEqual(['      ▸ Found'])
  })

  it('shows text that the agent prints next to its events', () => {
    expect(print({ kind: 'stdout', text: 'Warning: old node' })).toEqual(['  · Warning: old node'])
  })

  it('introduces the session', () => {
    expect(print({ kind: 'init', sessionId: 's-1', model: 'opus' })).toEqual(['  session s-1 · model opus'])
  })

  it('indents the lines of an answer under its mark', () => {
    expect(print({ kind: 'assistant', text: 'One\n\nTwo\n' })).toEqual(['  ▸ One', '    ', '    Two'])
  })

  it('shows the most informative value of a tool call on one line', () => {
    expect(print({ kind: 'tool_call', name: 'Bash', input: { description: 'List', command: 'ls\n  -l' } })).toEqual([
      '  ⚙ Bash ls -l',
    ])
    expect(print({ kind: 'tool_call', name: 'Read', input: { file_path: '/a' } })).toEqual(['  ⚙ Read /a'])
    expect(print({ kind: 'tool_call', name: 'Odd', input: { a: 1 } })).toEqual(['  ⚙ Odd {"a":1}'])
    expect(print({ kind: 'tool_call', name: 'None', input: undefined })).toEqual(['  ⚙ None '])
  })

  it('shortens long results and long lines', () => {
    const lines = print({
      kind: 'tool_result',
      content: Array.from({ length: 9 }, (_, i) => `${i}`.repeat(200)).join('\n'),
      isError: false,
    })
    expect(lines).toHaveLength(7)
    expect(lines[0]?.length).toBeLessThan(170)
    expect(lines[6]).toContain('… 3 more lines')
  })

  it('shows failed results in red when colours are on', () => {
    const style = createStyle(true)
    const failed = { kind: 'tool_result', content: 'no', isError: true }
    expect(printTranscript(failed, style)).toEqual([`      ${style.red('no')}`])
  })

  it.each([
    { kind: 'result', text: 'again' },
    { kind: 'stdout', text: '{"raw":1}' },
    { kind: 'assistant', text: '  ' },
    { kind: 'new' },
  ])('has no line for %j', (entry) => {
    expect(print(entry)).toEqual([])
  })

  it('removes escape sequences from what an agent prints', () => {
    expect(print({ kind: 'assistant', text: '\u001b[2Jgone?' })).toEqual(['  ▸ gone?'])
  })
})
