import { describe, expect, it } from 'vitest'
import { HeldLines } from './held-lines.ts'

const line = (text: string, ns = 1n) => ({ ns, bytes: Buffer.from(text), high: 0, low: 0 })

describe('lines that wait', () => {
  it('keep their bytes when the chunk they came in is used again', () => {
    const held = new HeldLines(1_000)
    const chunk = line('first')
    held.add(chunk)
    chunk.bytes.fill(0)
    expect(held.oldest?.bytes.toString()).toBe('first')
  })

  it('are dropped from the oldest on until they are within the limit', () => {
    const held = new HeldLines(250)
    for (const text of ['a', 'b', 'c']) held.add(line(text))
    expect(held.isOverLimit).toBe(true)
    held.trim()
    expect(held.isOverLimit).toBe(false)
    expect(held.take().map(({ bytes }) => bytes.toString())).toEqual(['b', 'c'])
  })

  it('keep the newest line, however long it is', () => {
    const held = new HeldLines(50)
    held.add(line('a'))
    held.add(line('b'.repeat(100)))
    held.trim()
    expect(held.take()).toHaveLength(1)
  })

  it('count from zero again after they were taken', () => {
    const held = new HeldLines(150)
    held.add(line('a'))
    held.take()
    held.add(line('b'))
    expect(held.isOverLimit).toBe(false)
    expect(held.newest?.bytes.toString()).toBe('b')
  })
})
