import { describe, expect, it } from 'vitest'
import { pick, seededRandom } from '../test/random.ts'
import { nineOclock, runScenario, wholeTexts } from '../test/scenario.ts'

const seed = Number(process.env['LOG_STREAM_SEED'] ?? Date.now() & 0xffff)
const framings = ['launcher', 'none'] as const

describe(`the content of lines (seed ${seed})`, () => {
  describe.each(framings)('%s', (framing) => {
    it('delivers 10,000 lines of one nanosecond once, through cuts', async () => {
      const random = seededRandom(seed)
      const lines = Array.from({ length: 10_000 }, (_, index) => (index % 3 === 0 ? '' : `line ${index % 50}`))
      const { texts, gaps } = await runScenario({
        framing,
        lines,
        stepNs: 0n,
        kubelet: {
          fault: ({ index }) => (index < 12 ? { cutAfter: pick(random, 0, 600_000), how: 'rst' } : undefined),
        },
      })
      expect(texts).toEqual(lines)
      expect(gaps).toEqual([])
    })

    it('delivers identical lines as often as they were printed', async () => {
      const lines = Array.from({ length: 2_000 }, () => 'the same')
      const { texts } = await runScenario({
        framing,
        lines,
        stepNs: 0n,
        kubelet: { fault: ({ index }) => (index < 30 ? { cutAfter: 1 + index * 3_001 } : undefined) },
      })
      expect(texts).toHaveLength(2_000)
    })

    it.each([1, 8_000, 8_001, 8_191, 8_192, 8_193, 16_383, 16_384, 16_385, 1_048_576])(
      'delivers a line of %i bytes whole',
      async (length) => {
        const lines = [
          'before',
          'é'.repeat(Math.floor(length / 2)).padEnd(length - Math.floor(length / 2), '.'),
          'after',
        ]
        const { texts } = await runScenario({
          framing,
          lines,
          kubelet: { fault: ({ index }) => (index === 0 ? { cutAfter: Math.floor(length * 0.7) } : undefined) },
        })
        expect(texts).toEqual(lines)
      },
    )

    it('delivers a line of 16 MiB whole', async () => {
      const lines = ['before', 'x'.repeat(16_777_216), 'after']
      const { texts } = await runScenario({ framing, lines })
      expect(texts.map((text) => text.length)).toEqual([6, 16_777_216, 5])
    })

    it('delivers a line above the limit in parts, which joined are the line, and each part once through cuts', async () => {
      const random = seededRandom(seed + 1)
      const lines = ['before', 'aé🙈'.repeat(3_000), 'after', 'b'.repeat(1_000), 'c'.repeat(1_001), 'd'.repeat(2_000)]
      for (let round = 0; round < 12; round++) {
        const collected = await runScenario({
          framing,
          lines,
          options: { maxLineBytes: 1_000 },
          kubelet: { fault: ({ index }) => (index < 6 ? { cutAfter: pick(random, 0, 30_000) } : undefined) },
        })
        expect(wholeTexts(collected)).toEqual(lines)
        expect(Math.max(...collected.lines.map((line) => line.bytes))).toBeLessThanOrEqual(1_000)
        for (const line of collected.lines)
          expect(line.part === undefined).toBe(
            line.bytes === Buffer.byteLength(lines.find((text) => text === line.text) ?? ''),
          )
        expect(collected.texts.join('')).not.toContain('\ufffd')
      }
    })

    it('refuses a line above the limit when told to', async () => {
      const run = runScenario({
        framing,
        lines: ['before', 'x'.repeat(1_001)],
        options: { maxLineBytes: 1_000, longLines: 'refuse' },
      })
      await expect(run).rejects.toMatchObject({ name: 'LogStreamError', code: 'line_too_long' })
    })

    it.each([345, -300, 120, 0])('reads a node whose clock is %i minutes off UTC', async (zoneMinutes) => {
      const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`)
      const { texts } = await runScenario({
        framing,
        lines,
        kubelet: { zoneMinutes, fault: ({ index }) => (index < 20 ? { cutAfter: 100 + index * 500 } : undefined) },
      })
      expect(texts).toEqual(lines)
    })

    it('delivers CRI-O output: one timestamp for a batch of lines', async () => {
      const random = seededRandom(seed + 2)
      const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index % 11}`)
      for (let round = 0; round < 5; round++) {
        const { texts } = await runScenario({
          framing,
          lines,
          time: (index) => nineOclock + BigInt(Math.floor(index / 37)) * 40_000_000n,
          kubelet: { fault: ({ index }) => (index < 10 ? { cutAfter: pick(random, 0, 60_000) } : undefined) },
        })
        expect(texts).toEqual(lines)
      }
    })
  })

  it('delivers the last line without its newline, and says so', async () => {
    const { FakeKubelet } = await import('../test/fake-kubelet.ts')
    const { collect } = await import('../test/collect.ts')
    const kubelet = new FakeKubelet()
    kubelet.writeLine(nineOclock, Buffer.from('whole'))
    kubelet.write(nineOclock + 1n, Buffer.from('no newline'), 'P')
    kubelet.exit()
    const { lines } = await collect(kubelet, { framing: 'none', containerEnded: kubelet.ended })
    expect(lines.map((line) => [line.text, line.unterminated])).toEqual([
      ['whole', undefined],
      ['no newline', true],
    ])
  })
})

describe('clocks that step', () => {
  const hour = 3_600_000_000_000n
  const shifts: Record<string, (index: number) => bigint> = {
    'forward by an hour and back': (index) => (index >= 100 && index < 200 ? hour : 0n),
    'back by an hour and forward again': (index) => (index >= 100 && index < 200 ? -hour : 0n),
    'back by five seconds': (index) => (index >= 150 ? -5_000_000_000n : 0n),
    'forward by a day': (index) => (index >= 150 ? 24n * hour : 0n),
    'back by an hour permanently': (index) => (index >= 150 ? -hour : 0n),
  }
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`)

  describe.each(Object.keys(shifts))('%s', (name) => {
    it.each(framings)('%s lines all come once while connected', async (framing) => {
      const { texts, gaps } = await runScenario({
        framing,
        lines,
        time: (index) => nineOclock + BigInt(index) * 10_000_000n + (shifts[name]?.(index) ?? 0n),
      })
      expect(texts).toEqual(lines)
      expect(gaps).toEqual([])
    })

    it('frames all come once through cuts, whatever the clock says', async () => {
      const random = seededRandom(seed + 3)
      for (let round = 0; round < 8; round++) {
        const { texts, gaps, end } = await runScenario({
          framing: 'launcher',
          lines,
          time: (index) => nineOclock + BigInt(index) * 10_000_000n + (shifts[name]?.(index) ?? 0n),
          kubelet: {
            fault: ({ index, follow }) =>
              follow && index < 8 ? { cutAfter: pick(random, 0, 26_000), how: 'fin' } : undefined,
          },
        })
        expect({ texts, gaps, verdict: end?.verdict }).toEqual({ texts: lines, gaps: [], verdict: 'complete' })
      }
    })
  })

  it('plain lines all come once through cuts when the step is within the overlap window', async () => {
    const random = seededRandom(seed + 4)
    for (let round = 0; round < 20; round++) {
      const { texts, gaps } = await runScenario({
        framing: 'none',
        lines,
        time: (index) => nineOclock + BigInt(index) * 10_000_000n - (index >= 150 ? 8_000_000_000n : 0n),
        kubelet: { fault: ({ index }) => (index < 8 ? { cutAfter: pick(random, 0, 14_000), how: 'rst' } : undefined) },
      })
      expect({ round, texts, gaps }).toEqual({ round, texts: lines, gaps: [] })
    }
  })
})
