import { claudeAgent } from '@agent-jobs/adapter-claude-k8s/agent'
import { describe, expect, it } from 'vitest'
import { createStyle } from './style.ts'
import { transcriptLines } from './transcript-lines.ts'

const said = (text: string): string =>
  JSON.stringify({ type: 'assistant', session_id: 's', message: { content: [{ type: 'text', text }] } })

describe('transcriptLines', () => {
  it('shows each line once, wherever its bytes are cut', () => {
    const bytes = Buffer.from(`${said('naïve …')}\n${said('second')}`)
    const whole = transcriptLines(claudeAgent, createStyle(false))
    const expected = [...whole.push(bytes), ...whole.end()]
    expect(expected.join('\n')).toMatch(/naïve …[\s\S]*second/)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const parts = transcriptLines(claudeAgent, createStyle(false))
      const shown = [...parts.push(bytes.subarray(0, cut)), ...parts.push(bytes.subarray(cut)), ...parts.end()]
      expect(shown).toEqual(expected)
    }
  })

  it('hides what has the form of a key', () => {
    const lines = transcriptLines(claudeAgent, createStyle(false))
    const shown = lines.push(Buffer.from(`${said(`the key is sk-ant-api03-${'x'.repeat(40)}`)}\n`)).join('\n')
    expect(shown).toContain('the key is ***')
    expect(shown).not.toContain('xxxx')
  })

  it('holds no more than one event of a line that never ends', () => {
    const lines = transcriptLines(claudeAgent, createStyle(false))
    for (let part = 0; part < 9; part += 1) expect(lines.push(Buffer.alloc(1024 * 1024, 'x'))).toEqual([])
    expect(lines.push(Buffer.from(`\n${said('after')}\n`)).join('\n')).toContain('after')
  })
})
