import { describe, expect, it } from 'vitest'
import { collect } from '../test/collect.ts'
import { FakeKubelet } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'

const start = 1_795_251_600_000_000_000n
const at = (index: number): bigint => start + BigInt(index) * 1_000_000n

describe('followLogs with frames', () => {
  it('yields records and lines in order and ends complete', async () => {
    const kubelet = new FakeKubelet()
    const frames = framedRun([
      { stream: 'o', bytes: Buffer.from('one') },
      { stream: 'e', bytes: Buffer.from('two') },
      { stream: 'o', bytes: Buffer.alloc(20_000, 'x') },
    ])
    for (const [index, bytes] of frames.entries()) kubelet.writeLine(at(index), bytes)
    const { items, texts, end } = await collect(kubelet, { framing: 'launcher', containerEnded: kubelet.ended })
    expect(items.map((item) => item.type)).toEqual(['record', 'line', 'line', 'line', 'record', 'end'])
    expect(texts).toEqual(['one', 'two', 'x'.repeat(20_000)])
    expect(end?.verdict).toBe('complete')
    expect(kubelet.connections).toHaveLength(1)
    expect(kubelet.openBodies).toBe(0)
  })

  it('resumes after every cut and delivers each line once', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => ({
      stream: 'o' as const,
      bytes: Buffer.from(`line ${index}`),
    }))
    const kubelet = new FakeKubelet({ fault: ({ index }) => (index < 40 ? { cutAfter: 1 + index * 37 } : undefined) })
    for (const [index, bytes] of framedRun(lines).entries()) kubelet.writeLine(at(index), bytes)
    const { texts, end, gaps } = await collect(kubelet, { framing: 'launcher', containerEnded: kubelet.ended })
    expect(texts).toEqual(lines.map((line) => line.bytes.toString()))
    expect(gaps).toEqual([])
    expect(end?.verdict).toBe('complete')
  })
})

describe('followLogs without frames', () => {
  it('yields every line once through cuts and ends unverified after a drain', async () => {
    const kubelet = new FakeKubelet({ fault: ({ index }) => (index < 40 ? { cutAfter: 1 + index * 37 } : undefined) })
    const printed = Array.from({ length: 60 }, (_, index) => `line ${index % 7}`)
    for (const [index, text] of printed.entries()) kubelet.writeLine(at(Math.floor(index / 5)), Buffer.from(text))
    kubelet.exitSilently()
    const ended = Promise.withResolvers<void>()
    const { texts, end } = await collect(kubelet, { framing: 'none', containerEnded: ended.promise }, (item) => {
      if (item.type === 'line' && item.seq === 59) ended.resolve()
    })
    expect(texts).toEqual(printed)
    expect(end?.verdict).toBe('unverified')
  })
})
