import { describe, expect, it } from 'vitest'
import { playStage } from '../test/timeline.ts'
import { frame } from '../test/frames.ts'
import { VirtualClock } from '../test/virtual-clock.ts'
import type { JournalSource } from './journal-source.ts'
import { readPatiently } from './patient-read.ts'

const never = new Promise<never>(() => undefined)

async function take(pieces: AsyncIterable<string>, into: string[]): Promise<void> {
  for await (const piece of pieces) into.push(piece)
}

describe('a patient read', () => {
  it('takes what is slow but moves to its end', async () => {
    const clock = new VirtualClock()
    const seen: string[] = []
    async function* slow() {
      for (const piece of ['a', 'b', 'c']) {
        await clock.sleep(900)
        yield piece
      }
    }
    const patience = { timeoutMs: 1_000, signal: new AbortController().signal, clock, name: 'it' }
    await clock.run(take(readPatiently(slow, patience), seen))
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('does not count the time that its reader takes', async () => {
    const clock = new VirtualClock()
    const seen: string[] = []
    async function* quick() {
      yield* ['a', 'b']
    }
    const patience = { timeoutMs: 1_000, signal: new AbortController().signal, clock, name: 'it' }
    const work = async (): Promise<void> => {
      for await (const piece of readPatiently(quick, patience)) {
        seen.push(piece)
        await clock.sleep(60_000)
      }
    }
    await clock.run(work())
    expect(seen).toEqual(['a', 'b'])
  })

  it.each(['its next piece', 'its end'])('throws when %s hangs, and does not wait for it', async (what) => {
    const clock = new VirtualClock()
    const seen: string[] = []
    const hanging: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => (seen.length === 0 ? Promise.resolve({ done: false, value: 'a' }) : never),
        return: () => (what === 'its end' ? never : Promise.resolve({ done: true, value: undefined })),
      }),
    }
    const patience = { timeoutMs: 1_000, signal: new AbortController().signal, clock, name: 'the volume' }
    const work = clock.run(
      take(
        readPatiently(() => hanging, patience),
        seen,
      ),
    )
    await expect(work).rejects.toThrow('the volume gave nothing for 1000 ms')
    expect(seen).toEqual(['a'])
  })

  it('ends with the reason of its signal, and tells the source', async () => {
    const clock = new VirtualClock()
    const stop = new AbortController()
    let told: AbortSignal | undefined
    const open = (signal: AbortSignal): AsyncIterable<string> => {
      told = signal
      return { [Symbol.asyncIterator]: () => ({ next: () => never }) }
    }
    const work = take(readPatiently(open, { timeoutMs: 1_000, signal: stop.signal, clock, name: 'it' }), [])
    stop.abort(new Error('enough'))
    await expect(work).rejects.toThrow('enough')
    expect(told?.aborted).toBe(true)
  })

  it('leaves a source that its reader has left', async () => {
    const clock = new VirtualClock()
    const left: string[] = []
    async function* endless() {
      try {
        for (;;) yield 'a'
      } finally {
        left.push('left')
      }
    }
    const patience = { timeoutMs: 1_000, signal: new AbortController().signal, clock, name: 'it' }
    for await (const piece of readPatiently(endless, patience)) if (piece === 'a') break
    expect(left).toEqual(['left'])
  })
})

describe('a follower whose journal', () => {
  const frames = Array.from({ length: 6 }, (_, seq) => frame(seq, 'o', `line ${seq}`))

  /** The log has the first and the last frame; each frame of the journal waits for `before`. */
  const play = (before: (clock: VirtualClock) => Promise<void>) => {
    const clock = Promise.withResolvers<VirtualClock>()
    const journal: JournalSource = {
      async *read({ fromSeq }) {
        for (const bytes of frames.slice(fromSeq)) {
          await before(await clock.promise)
          yield bytes
        }
      },
    }
    return playStage({ framing: 'launcher', options: { journal } }, async (stage) => {
      clock.resolve(stage.clock)
      for (const seq of [0, 5]) stage.print(frames[seq]?.subarray(0, -1) ?? '')
      await stage.pass(120_000)
      stage.kubelet.exit()
    })
  }

  it('is slow fills the gap from it, however long that takes', async () => {
    const { gaps, texts } = await play((clock) => clock.sleep(9_000))
    expect(texts).toEqual(frames.map((_, seq) => `line ${seq}`))
    expect(gaps).toEqual([])
  })

  it('hangs continues without it, and names what is missing', async () => {
    const { gaps, texts, diagnostics } = await play(() => never)
    expect(texts).toEqual(['line 0', 'line 5'])
    expect(gaps.map(({ from, to, reason }) => ({ from, to, reason }))).toEqual([
      { from: 1, to: 4, reason: 'journal_incomplete' },
    ])
    expect(diagnostics.find(({ code }) => code === 'journal_failed')?.text).toBe(
      'Reading the journal from frame 1 on failed: the journal gave nothing for 10000 ms',
    )
  })
})
