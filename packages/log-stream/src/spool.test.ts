import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collect, sortItems } from '../test/collect.ts'
import { FakeKubelet } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'
import { pick, seededRandom } from '../test/random.ts'
import { followLogs } from './follow-logs.ts'
import type { LogItem } from './log-item.ts'
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
  it('gives everything back in order, from memory and from disk, whatever the two sides do', async () => {
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

  it('asks the producer to wait when both bounds are reached, and lets it go on when the consumer took enough', async () => {
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

  it('hands an error over after everything that came before it', async () => {
    const spool = new Spool<number>({ memoryBytes: 100, diskBytes: 0, directory }, noReturn)
    spool.push(1, 1)
    spool.fail(new Error('broken'))
    expect(await spool.next()).toEqual({ value: 1, done: false })
    await expect(spool.next()).rejects.toThrow('broken')
    expect(await spool.next()).toEqual({ value: undefined, done: true })
  })
})

describe('a slow consumer (F16)', () => {
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
      containerEnded: kubelet.ended,
      signal: never,
      spool: { memoryBytes: 65_536, directory },
    })
    const items: LogItem[] = []
    const first = await followed.next()
    if (first.done !== true) items.push(first.value)
    // Without a single further step of the consumer the log is read to its end: its end record closes the connection.
    const { setTimeout: wait } = await import('node:timers/promises')
    for (let tries = 0; kubelet.openBodies > 0 && tries < 400; tries++) await wait(5)
    expect(kubelet.openBodies).toBe(0)
    expect(kubelet.connections).toHaveLength(1)
    for await (const item of followed) items.push(item)
    const { texts, end } = sortItems(items)
    expect(texts).toEqual(lines)
    expect(end?.verdict).toBe('complete')
    expect(await readdir(directory)).toEqual([])
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

  it('ends with the reason of the signal', async () => {
    const kubelet = new FakeKubelet()
    kubelet.writeLine(1n, Buffer.from('x'))
    const stop = new AbortController()
    const run = collect(kubelet, { framing: 'none', containerEnded: kubelet.ended, signal: stop.signal }, () =>
      stop.abort(new Error('enough')),
    )
    await expect(run).rejects.toThrow('enough')
    expect(kubelet.openBodies).toBe(0)
  })
})
