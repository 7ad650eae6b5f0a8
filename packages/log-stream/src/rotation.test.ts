import { describe, expect, it } from 'vitest'
import { collect } from '../test/collect.ts'
import { FakeKubelet } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'
import { pick, randomLines, seededRandom } from '../test/random.ts'
import { VirtualClock } from '../test/virtual-clock.ts'
import type { JournalSource } from './journal-source.ts'

const seed = Number(process.env['LOG_STREAM_SEED'] ?? Date.now() & 0xffff)

/** A journal that contains everything written so far. */
function memoryJournal(written: Buffer[], missing: (seq: number) => boolean = () => false): JournalSource {
  return {
    async *read({ fromSeq, toSeq = Number.POSITIVE_INFINITY }) {
      for (const [seq, bytes] of written.entries()) {
        if (seq < fromSeq || seq > toSeq || missing(seq)) continue
        yield Buffer.concat([bytes, Buffer.from('\n')])
      }
    },
  }
}

interface Rotations {
  framing: 'launcher' | 'none'
  random: () => number
  journal?: 'whole' | 'holes'
  rotations: number
}

/** A container that prints under rotation while connections break and readers lag. */
async function runRotations(o: Rotations): Promise<Awaited<ReturnType<typeof collect>> & { printed: string[] }> {
  const clock = new VirtualClock()
  const { random } = o
  const printed = randomLines(random, o.rotations * 6, { maxBytes: 30_000 })
  const frames =
    o.framing === 'none'
      ? printed.map((line) => Buffer.from(line))
      : framedRun(printed.map((line) => ({ stream: 'o', bytes: Buffer.from(line) })))
  const kubelet = new FakeKubelet({
    now: () => clock.now(),
    fault: ({ follow }) =>
      follow && random() < 0.4 ? { cutAfter: pick(random, 0, 40_000), how: random() < 0.5 ? 'fin' : 'rst' } : undefined,
  })
  const written: Buffer[] = []
  const play = async (): Promise<void> => {
    if (random() < 0.5) kubelet.rotate()
    let ns = BigInt(clock.now()) * 1_000_000n
    for (const bytes of frames) {
      written.push(bytes)
      const at = BigInt(Math.floor(clock.now())) * 1_000_000n
      ns = at > ns ? at : ns + 1n
      if (bytes.length > 16_384 && random() < 0.3) {
        // Rotated between the parts of a line.
        kubelet.write(ns, bytes.subarray(0, 16_384), 'P')
        kubelet.rotate()
        kubelet.write(ns + 1n, bytes.subarray(16_384))
        ns += 1n
      } else kubelet.writeLine(ns, bytes)
      if (random() < 0.15) kubelet.rotate()
      if (random() < 0.1) kubelet.rotateUnseen()
      if (random() < 0.3) await clock.sleep(pick(random, 1, 9_000))
      if (random() < 0.05) kubelet.breakAll(random() < 0.5 ? 'rst' : 'half-open')
    }
    await clock.sleep(500)
    kubelet.exit()
  }
  const missing = o.journal === 'holes' ? (seq: number) => seq % 7 === 3 : undefined
  const playing = play()
  const collected = await collect(kubelet, {
    framing: o.framing,
    containerEnded: kubelet.ended,
    clock,
    ...(o.journal === undefined ? {} : { journal: memoryJournal(written, missing) }),
  })
  await clock.run(playing)
  return { ...collected, printed }
}

describe(`rotation while connected, disconnected, between parts and before the first connect (seed ${seed})`, () => {
  it('is repaired completely by frames and a journal', async () => {
    for (let round = 0; round < 10; round++) {
      const random = seededRandom(seed + round)
      const { texts, gaps, end, printed } = await runRotations({
        framing: 'launcher',
        random,
        journal: 'whole',
        rotations: 40,
      })
      expect({ round, texts, gaps }).toEqual({ round, texts: printed, gaps: [] })
      expect(end?.verdict).toBe('complete')
    }
  })

  it('is flagged completely by frames without a journal: what is not delivered is in a gap', async () => {
    let flagged = 0
    for (let round = 0; round < 10; round++) {
      const random = seededRandom(seed + 100 + round)
      const { items, lines, gaps, end, printed } = await runRotations({ framing: 'launcher', random, rotations: 40 })
      // Frame numbers only rise: what was delivered or named in a gap does not come again.
      const bounds = items.flatMap((item) => {
        if (item.type === 'gap') return [[item.from, item.to] as const]
        return item.type === 'line' || item.type === 'record' ? [[item.seq, item.seq] as const] : []
      })
      for (const [index, [from]] of bounds.entries()) expect(from).toBeGreaterThan(bounds[index - 1]?.[1] ?? -1)
      const doubtless = lines.filter((line) => line.headMayBeMissing === undefined).map((line) => line.text)
      // What was delivered was printed, in this order, and nothing twice.
      let at = 0
      for (const text of doubtless) {
        const found = printed.indexOf(text, at)
        expect(found).toBeGreaterThanOrEqual(at)
        at = found + 1
      }
      flagged += gaps.length
      expect(end?.verdict).toBe(gaps.length > 0 ? 'lost' : 'complete')
      expect(gaps.length > 0 || lines.length === printed.length).toBe(true)
    }
    expect(flagged).toBeGreaterThan(0)
  })

  it('delivers what a journal with holes has, and reports the holes', async () => {
    const random = seededRandom(seed + 200)
    const { gaps, end } = await runRotations({ framing: 'launcher', random, journal: 'holes', rotations: 60 })
    for (const gap of gaps) expect(gap).toMatchObject({ reason: 'journal_incomplete' })
    expect(end?.verdict).toBe(gaps.length > 0 ? 'lost' : 'complete')
  })

  it('without frames never delivers a line twice, and flags what was rotated away between two connections', async () => {
    const clock = new VirtualClock()
    const kubelet = new FakeKubelet({ now: () => clock.now() })
    const playing = (async () => {
      for (let file = 0; file < 5; file++) {
        for (let i = 0; i < 3; i++) {
          kubelet.writeLine(BigInt(clock.now()) * 1_000_000n + BigInt(i), Buffer.from(`file ${file} line ${i}`))
        }
        await clock.sleep(1_000)
        kubelet.breakAll('rst')
        kubelet.rotate()
        await clock.sleep(20_000)
      }
      kubelet.exit()
    })()
    const { texts, gaps, end } = await collect(kubelet, { framing: 'none', containerEnded: kubelet.ended, clock })
    await clock.run(playing)
    expect(new Set(texts).size).toBe(texts.length)
    expect(gaps.length).toBe(4)
    expect(end?.verdict).toBe('lost')
  })
})

describe('a single connection', () => {
  const nine = 1_795_251_600_000_000_000n

  it('skips the newest file when it is sent again for each missed rotation', async () => {
    const clock = new VirtualClock()
    const kubelet = new FakeKubelet({ now: () => clock.now() })
    let ns = nine
    const write = (text: string): void => kubelet.writeLine((ns += 20_000_000n), Buffer.from(text))
    const printed: string[] = []
    const playing = (async () => {
      write('a')
      printed.push('a')
      await clock.sleep(100)
      // Two rotations before the follower looks again: the newest file is sent twice.
      kubelet.rotate()
      kubelet.rotate()
      for (let i = 0; i < 100; i++) {
        write(`c ${i}`)
        printed.push(`c ${i}`)
      }
      await clock.sleep(100)
      write('tick')
      printed.push('tick')
      await clock.sleep(5_000)
      kubelet.exit()
    })()
    const { texts, diagnostics } = await collect(kubelet, { framing: 'none', containerEnded: kubelet.ended, clock })
    await clock.run(playing)
    expect(texts).toEqual(printed)
    expect(diagnostics.map((item) => item.code)).toContain('file_repeated')
  })

  it('skips that file also when it is larger than what is remembered line by line', async () => {
    const clock = new VirtualClock()
    const kubelet = new FakeKubelet({ now: () => clock.now() })
    const printed = Array.from({ length: 30_000 }, (_, n) => `line ${n} ${'x'.repeat(100)}`)
    const playing = (async () => {
      let ns = BigInt(clock.now()) * 1_000_000n
      kubelet.writeLine(ns, Buffer.from('before'))
      await clock.sleep(100)
      kubelet.rotate()
      for (const line of printed) kubelet.writeLine((ns += 1_000_000n), Buffer.from(line))
      await clock.sleep(100)
      kubelet.rereadNewest()
      kubelet.writeLine((ns += 1_000_000n), Buffer.from('tick'))
      await clock.sleep(100)
      kubelet.exit()
    })()
    const { texts, gaps, diagnostics } = await collect(kubelet, {
      framing: 'none',
      containerEnded: kubelet.ended,
      clock,
      maxRecentLines: 1_000,
    })
    await clock.run(playing)
    expect(texts).toEqual(['before', ...printed, 'tick'])
    expect(gaps).toEqual([])
    expect(diagnostics.map(({ code }) => code)).toEqual(['file_repeated'])
  })

  it('delivers in the last read what a clean end of the stream left out', async () => {
    const kubelet = new FakeKubelet()
    for (let i = 0; i < 10; i++) kubelet.writeLine(nine + BigInt(i), Buffer.from(`old ${i}`))
    const ended = Promise.withResolvers<void>()
    let rotated = false
    const { texts } = await collect(kubelet, { framing: 'none', containerEnded: ended.promise }, (item) => {
      if (rotated || item.type !== 'line' || item.seq < 9) return
      rotated = true
      kubelet.rotateUnseen()
      for (let i = 0; i < 10; i++) kubelet.writeLine(nine + 100n + BigInt(i), Buffer.from(`new ${i}`))
      kubelet.exitSilently()
      ended.resolve()
    })
    expect(texts.slice(-10)).toEqual(Array.from({ length: 10 }, (_, i) => `new ${i}`))
  })

  it('does not report an empty last read as a loss', async () => {
    const kubelet = new FakeKubelet()
    kubelet.writeLine(nine, Buffer.from('only'))
    const { gaps, end, texts } = await collect(kubelet, { framing: 'none', containerEnded: kubelet.ended }, (item) => {
      if (item.type !== 'line') return
      kubelet.rotateUnseen()
      kubelet.exit()
    })
    expect(texts).toEqual(['only'])
    expect(gaps).toEqual([])
    expect(end?.verdict).toBe('unverified')
  })
})
