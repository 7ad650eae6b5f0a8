import { describe, expect, it } from 'vitest'
import { createLineTally } from './line-tally.ts'

describe('a line tally', () => {
  it('counts each sort of line, and all by the number of the last', () => {
    const tally = createLineTally()
    tally.event(1)
    tally.event(1)
    tally.text('words', 4)
    tally.oversize(5)
    tally.cut(6)
    expect(tally.counts).toEqual({ total: 6, events: 2, text: 1, oversize: 1, cut: true })
    expect(tally.stdoutText).toBe('words\n')
  })

  it('keeps no more than the first words of text without end', () => {
    const tally = createLineTally()
    for (let line = 1; line <= 1000; line++) tally.text('x'.repeat(100), line)
    expect(tally.counts.text).toBe(1000)
    expect(tally.stdoutText.length).toBeLessThanOrEqual(8_001)
    expect(tally.stdoutText.startsWith(`${'x'.repeat(100)}\n`)).toBe(true)
  })
})
