import { createRedactor } from '@agent-jobs/primitives'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logRelay, pieces } from './log-relay.ts'

function collector() {
  const chunks: [string, string][] = []
  return { chunks, onLog: async (stream: 'stdout' | 'stderr', chunk: string) => void chunks.push([stream, chunk]) }
}

describe('the log relay', () => {
  it('sends a line with its newline', async () => {
    const { chunks, onLog } = collector()
    await logRelay(onLog).line('stderr', 'hello')
    expect(chunks).toEqual([['stderr', 'hello\n']])
  })

  it("splits a huge line below Paperclip's cut and ends only its last chunk", async () => {
    const { chunks, onLog } = collector()
    const line = JSON.stringify({ text: 'x'.repeat(200_000) })
    await logRelay(onLog).line('stdout', line)
    expect(chunks.length).toBeGreaterThan(3)
    expect(chunks.every(([, chunk]) => chunk.length <= 8_001)).toBe(true)
    expect(chunks.slice(0, -1).some(([, chunk]) => chunk.includes('\n'))).toBe(false)
    expect(chunks.map(([, chunk]) => chunk).join('')).toBe(`${line}\n`)
  })

  it('sends text that Paperclip redacts slowly in small chunks, and other text in large ones', async () => {
    const { chunks, onLog } = collector()
    const relay = logRelay(onLog)
    await relay.line('stdout', 'x-token-'.repeat(1_000))
    expect(Math.max(...chunks.map(([, chunk]) => chunk.length))).toBeLessThanOrEqual(501)
    expect(chunks.map(([, chunk]) => chunk).join('')).toBe(`${'x-token-'.repeat(1_000)}\n`)
    chunks.length = 0
    await relay.line('stdout', '{"input_tokens":1,"output_tokens":2}'.repeat(200))
    expect(chunks).toHaveLength(1)
  })

  it('ends a line that comes in parts once', async () => {
    const { chunks, onLog } = collector()
    const relay = logRelay(onLog)
    await relay.line('stdout', 'one ', { goesOn: true })
    await relay.line('stdout', 'line')
    expect(chunks.map(([, chunk]) => chunk)).toEqual(['one ', 'line\n'])
  })

  it('waits for Paperclip before it takes the next line', async () => {
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const relay = logRelay(async (_stream, chunk) => {
      order.push(`start ${chunk.trim()}`)
      await gate.promise
    })
    const line = relay.line('stdout', 'a').then(() => order.push('taken'))
    expect(order).toEqual(['start a'])
    gate.resolve()
    await line
    expect(order).toEqual(['start a', 'taken'])
  })

  it('never cuts a character in two', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 9 }), (text, limit) => {
        const parts = pieces(text, limit)
        expect(parts.join('')).toBe(text)
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limit)
          expect(part.isWellFormed()).toBe(text.isWellFormed())
        }
      }),
    )
  })

  it('hides secrets, including one split between two parts of a line, on each stream separately', async () => {
    const { chunks, onLog } = collector()
    const relay = logRelay(onLog, { redactor: createRedactor({ secrets: ['sk-ant-abcdefgh'] }) })
    await relay.line('stdout', 'key sk-ant-', { goesOn: true })
    await relay.line('stderr', 'between')
    await relay.line('stdout', 'abcdefgh.')
    expect(
      chunks
        .filter(([stream]) => stream === 'stdout')
        .map(([, chunk]) => chunk)
        .join(''),
    ).toBe('key ***.\n')
    expect(chunks).toContainEqual(['stderr', 'between\n'])
  })
})
