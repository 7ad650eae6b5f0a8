import { describe, expect, it } from 'vitest'
import type { Fault } from '../test/fake-kubelet.ts'
import { pick, randomLines, seededRandom } from '../test/random.ts'
import { runScenario } from '../test/scenario.ts'

const seed = Number(process.env['LOG_STREAM_SEED'] ?? Date.now() & 0xffff)
const framings = ['launcher', 'none'] as const

describe(`a stream that is cut (seed ${seed})`, () => {
  const lines = randomLines(seededRandom(seed), 420)

  for (const framing of framings) {
    for (const how of ['fin', 'rst', 'half-open'] as const) {
      it(`delivers each line once when a ${framing} stream of 64 KiB is cut at a sampled byte by ${how}`, async () => {
        const random = seededRandom(seed)
        const step = 65_536 / 100
        for (let at = random() * step; at < 65_536; at += step) {
          const cutAfter = Math.floor(at)
          const { texts, gaps, end } = await runScenario({
            framing,
            lines,
            kubelet: { fault: ({ index, follow }) => (index === 0 && follow ? { cutAfter, how } : undefined) },
          })
          expect({ cutAfter, texts, gaps }).toEqual({ cutAfter, texts: lines, gaps: [] })
          expect(end?.verdict).toBe(framing === 'launcher' ? 'complete' : 'unverified')
        }
      })
    }

    it(`delivers each line of a ${framing} stream once when it is cut after every so many new bytes`, async () => {
      const long = randomLines(seededRandom(seed + 1), 3_000)
      for (const cutAfterNew of [1, 17, 1_024, 16_384]) {
        const hows = ['fin', 'rst', 'half-open'] as const
        const { texts, gaps } = await runScenario({
          framing,
          lines: cutAfterNew < 1_000 ? long.slice(0, 5 + cutAfterNew) : long,
          stepNs: 100_000_000n,
          kubelet: { fault: ({ index }) => ({ cutAfterNew, how: hows[index % 3] ?? 'rst' }) satisfies Fault },
        })
        expect({ cutAfterNew, texts, gaps }).toEqual({
          cutAfterNew,
          texts: cutAfterNew < 1_000 ? long.slice(0, 5 + cutAfterNew) : long,
          gaps: [],
        })
      }
    })

    it(`delivers the same ${framing} lines however the bytes are grouped`, async () => {
      const random = seededRandom(seed + 2)
      for (let round = 0; round < 15; round++) {
        const { texts } = await runScenario({
          framing,
          lines,
          kubelet: {
            chunk: (bytes) => {
              const chunks: Buffer[] = []
              for (let at = 0; at < bytes.length;) {
                const length = pick(random, 1, 60)
                chunks.push(bytes.subarray(at, at + length))
                at += length
              }
              return chunks
            },
            fault: ({ index }) => (index < 5 ? { cutAfter: pick(random, 0, 90_000), how: 'rst' } : undefined),
          },
        })
        expect(texts).toEqual(lines)
      }
    })
  }
})
