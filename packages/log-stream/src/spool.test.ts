import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collect, sortItems } from '../test/collect.ts'
import { FakeKubelet } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'
import { pick, seededRandom } from '../test/random.ts'
import { followLogs } from './follow-logs.ts'
import type { LogItem } from './log-item.ts'
import { createSpoolBudget } from './spool-budget.ts'
import { Spool } from './spool.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'log-stream-test-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const never = new AbortController().signal
const noReturn = async (): Promise<void> => undefined

describe('the spool', () => {
  it('returns everything in order, from memory and from disk, whatever the two sides do', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = seededRandom(seed)
      const spool = new Spool<{ n: number; text: string }>(
        { memoryBytes: 2_000, diskBytes: 1_000_000, directory },
        noReturn,
      )
      const count = 500
      const producing = (async () => {
        for (let n = 0; n < count; n++) {
          const text = 'x'.repeat(pick(random, 0, 400))
          spool.push({ n, text }, text.length)
          if (spool.full) await spool.room(never, () => undefined)
          expect(spool.memoryBytes).toBeLessThanOrEqual(2_400)
          if (random() < 0.1) await Promise.resolve()
        }
        spool.close()
      })()
      const seen: number[] = []
      for await (const { n } of spool) {
        seen.push(n)
        if (random() < 0.02) await producing
      }
      await producing
      expect(seen).toEqual(Array.from({ length: count }, (_, n) => n))
      expect(await readdir(directory)).toEqual([])
    }
  })

  it('shares a budget: a second one waits when the first has used it up, and continues when that one is done', async () => {
    const budget = createSpoolBudget({ diskBytes: 2_000 })
    const options = { memoryBytes: 100, diskBytes: 1_000_000, directory, budget }
    const [first, second] = [new Spool<number>(options, noReturn), new Spool<number>(options, noReturn)]
    const fill = async (spool: Spool<number>, onWait: () => void): Promise<void> => {
      for (let n = 0; n < 1_000; n++) {
        spool.push(n, 50)
        if (spool.full) await spool.room(never, onWait)
      }
      spool.close()
    }
    const [firstWaits, secondWaits] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const filling = fill(first, firstWaits.resolve)
    await firstWaits.promise
    expect(budget.hasRoom).toBe(false)
    const fillingSecond = fill(second, secondWaits.resolve)
    await secondWaits.promise
    const take = async (spool: Spool<number>): Promise<number> => {
      let count = 0
      for await (const _ of spool) count += 1
      return count
    }
    expect(await Promise.all([take(first), take(second)])).toEqual([1_000, 1_000])
    await Promise.all([filling, fillingSecond])
    expect([budget.usedBytes, budget.hasRoom]).toEqual([0, true])
  })

  it('returns its share of a budget when its consumer leaves', async () => {
    const budget = createSpoolBudget({ diskBytes: 10_000 })
    const spool = new Spool<number>({ memoryBytes: 100, diskBytes: 1_000_000, directory, budget }, noReturn)
    for (let n = 0; n < 100; n++) spool.push(n, 50)
    await spool.room(never, () => undefined)
    expect(budget.usedBytes).toBeGreaterThan(0)
    await spool.return()
    expect(budget.usedBytes).toBe(0)
    expect(() => createSpoolBudget({ diskBytes: Number.NaN })).toThrow('Expected `diskBytes` to be a number')
  })

  it('makes the producer wait when both limits are reached, and releases it when the consumer took enough', async () => {
    const spool = new Spool<number>({ memoryBytes: 100, diskBytes: 2_000, directory }, noReturn)
    let waits = 0
    let produced = 0
    const producing = (async () => {
      for (; produced < 2_000; produced++) {
        spool.push(produced, 50)
        if (spool.full) await spool.room(never, () => waits++)
      }
      spool.close()
    })()
    let expected = 0
    for await (const value of spool) expect(value).toBe(expected++)
    await producing
    expect(expected).toBe(2_000)
    expect(waits).toBeGreaterThan(0)
  })

  it('waits for the consumer where no file can be written', async () => {
    const spool = new Spool<number>(
      { memoryBytes: 100, diskBytes: 2_000, directory: join(directory, 'absent') },
      noReturn,
    )
    let waits = 0
    const producing = (async () => {
      for (let n = 0; n < 50; n++) {
        spool.push(n, 50)
        if (spool.full) await spool.room(never, () => waits++)
      }
      spool.close()
    })()
    const seen: number[] = []
    for await (const value of spool) seen.push(value)
    await producing
    expect(seen).toHaveLength(50)
    expect(spool.broken).toBeInstanceOf(Error)
    expect(waits).toBeGreaterThan(0)
  })

  it('gives each item to one reader only, when several ask at once', async () => {
    const spool = new Spool<number>({ memoryBytes: 100, diskBytes: 0, directory }, noReturn)
    const asked = [spool.next(), spool.next(), spool.next(), spool.next()]
    spool.push(1, 1)
    spool.push(2, 1)
    spool.close()
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual([1, 2, undefined, undefined])
  })

  it('drops what waits, in memory and on disk, when it is aborted', async () => {
    const spool = new Spool<number>({ memoryBytes: 100, diskBytes: 10_000, directory }, noReturn)
    for (let n = 0; n < 50; n++) {
      spool.push(n, 50)
      if (spool.full) await spool.room(never, () => undefined)
    }
    expect(await spool.next()).toEqual({ value: 0, done: false })
    expect(await spool.next()).toEqual({ value: 1, done: false })
    const asked = spool.next()
    spool.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    expect(await spool.next()).toEqual({ value: undefined, done: true })
    expect(await readdir(directory)).toEqual([])
  })

  it('delivers an error after everything that came before it', async () => {
    const spool = new Spool<number>({ memoryBytes: 100, diskBytes: 0, directory }, noReturn)
    spool.push(1, 1)
    spool.fail(new Error('broken'))
    expect(await spool.next()).toEqual({ value: 1, done: false })
    await expect(spool.next()).rejects.toThrow('broken')
    expect(await spool.next()).toEqual({ value: undefined, done: true })
  })
})

describe('a slow consumer', () => {
  it('loses nothing, makes the socket wait for nothing and keeps memory bounded', async () => {
    const lines = Array.from({ length: 4_000 }, (_, index) => `${index} `.padEnd(1_000, 'x'))
    const kubelet = new FakeKubelet()
    for (const [index, bytes] of framedRun(
      lines.map((line) => ({ stream: 'o', bytes: Buffer.from(line) })),
    ).entries()) {
      kubelet.writeLine(1_795_251_600_000_000_000n + BigInt(index), bytes)
    }
    const followed = followLogs(kubelet, {
      framing: 'launcher',
      endRecord: 'trust',
      containerEnded: kubelet.ended,
      signal: never,
      spool: { memoryBytes: 65_536, directory },
    })
    const items: LogItem[] = []
    const first = await followed.next()
    if (first.done !== true) items.push(first.value)
    // Without a single further step of the consumer the log is read to its end: its end record closes the connection.
    await kubelet.idle()
    expect(kubelet.connections).toHaveLength(1)
    for await (const item of followed) items.push(item)
    const { texts, end } = sortItems(items)
    expect(texts).toEqual(lines)
    expect(end?.verdict).toBe('complete')
    expect(await readdir(directory)).toEqual([])
  })

  it('pauses the reading of a journal, too, when the spool is full', async () => {
    const lines = Array.from({ length: 4_000 }, (_, index) => `${index} `.padEnd(1_000, 'x'))
    const frames = framedRun(lines.map((line) => ({ stream: 'o', bytes: Buffer.from(line) })))
    const kubelet = new FakeKubelet()
    for (const index of [0, frames.length - 1]) {
      kubelet.writeLine(1_795_251_600_000_000_000n + BigInt(index), frames[index] ?? Buffer.alloc(0))
    }
    let read = 0
    let furthest = 0
    const texts: string[] = []
    const followed = followLogs(kubelet, {
      framing: 'launcher',
      endRecord: 'trust',
      containerEnded: kubelet.ended,
      signal: never,
      spool: { memoryBytes: 65_536, diskBytes: 0, directory },
      journal: {
        async *read({ fromSeq }) {
          for (const bytes of frames.slice(fromSeq)) {
            read++
            yield Buffer.concat([bytes, Buffer.from('\n')])
          }
        },
      },
    })
    for await (const item of followed) {
      if (item.type !== 'line') continue
      texts.push(item.text)
      furthest = Math.max(furthest, read - texts.length)
    }
    expect(texts).toEqual(lines)
    // 64 KiB are some fifty lines.
    expect(furthest).toBeLessThan(100)
  })

  it('that leaves early closes the connection and removes the file', async () => {
    const kubelet = new FakeKubelet()
    for (let index = 0; index < 500; index++) {
      kubelet.writeLine(1_795_251_600_000_000_000n + BigInt(index), Buffer.from('x'.repeat(1_000)))
    }
    for await (const item of followLogs(kubelet, {
      framing: 'none',
      containerEnded: kubelet.ended,
      signal: never,
      spool: { memoryBytes: 1_000, directory },
    })) {
      if (item.type === 'line' && item.seq === 3) break
    }
    expect(kubelet.openBodies).toBe(0)
    expect(await readdir(directory)).toEqual([])
  })

  it('ends with the reason of the signal, whatever waits', async () => {
    const kubelet = new FakeKubelet()
    for (let n = 0; n < 100; n++) kubelet.writeLine(BigInt(n), Buffer.from(`line ${n}`))
    let taken = 0
    const stop = new AbortController()
    const run = collect(kubelet, { framing: 'none', containerEnded: kubelet.ended, signal: stop.signal }, async () => {
      taken++
      await turn()
      stop.abort(new Error('enough'))
      await turn()
    })
    await expect(run).rejects.toThrow('enough')
    expect(taken).toBe(1)
    expect(kubelet.openBodies).toBe(0)
  })

  it.each(['launcher', 'none'] as const)('pauses the reading of a log (%s) when the spool is full', async (framing) => {
    const lines = framedRun(Array.from({ length: 5_000 }, (_, n) => ({ stream: 'o', bytes: Buffer.from(`line ${n}`) })))
    let pulled = 0
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const line of lines) {
        pulled += 1
        yield Buffer.concat([Buffer.from('2026-11-21T09:00:00.000000000Z '), line, Buffer.from('\n')])
      }
    }
    const items = followLogs(
      { open: async () => ({ status: 200, headers: {}, body: body() }) },
      { framing, containerEnded: new Promise(() => {}), spool: { memoryBytes: 10_000, diskBytes: 0, directory } },
    )
    const taken: LogItem[] = []
    const take = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        const { value, done } = await items.next()
        if (done !== true) taken.push(value)
      }
    }
    await take(3)
    for (let n = 0; n < 200; n++) await turn()
    // Some 300 bytes for each line that waits.
    expect(pulled).toBeLessThan(100)
    await take(1_000)
    expect(pulled).toBeGreaterThan(900)
    expect(pulled).toBeLessThan(1_100)
    await items.return?.()
  })
})
