import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collect, sortItems } from '../test/collect.ts'
import { FakeKubelet } from '../test/fake-kubelet.ts'
import { endRecord, frame, framedRun } from '../test/frames.ts'
import { pick, randomLines, seededRandom } from '../test/random.ts'
import { wholeTexts } from '../test/scenario.ts'
import { fileJournal } from './file-journal.ts'
import { followLogs } from './follow-logs.ts'
import type { LogCursor, LogItem } from './log-item.ts'

const seed = Number(process.env['LOG_STREAM_SEED'] ?? Date.now() & 0xffff)
const nine = 1_795_251_600_000_000_000n

describe(`a cursor that was stored as JSON (seed ${seed})`, () => {
  it.each(['launcher', 'none'] as const)(
    'lets another process continue with the next %s line, wherever it was taken',
    async (framing) => {
      const random = seededRandom(seed)
      for (let round = 0; round < 25; round++) {
        const printed = randomLines(random, 80, { maxBytes: 25_000 })
        const kubelet = new FakeKubelet({
          fault: () => (random() < 0.4 ? { cutAfter: pick(random, 0, 120_000) } : undefined),
        })
        const physical =
          framing === 'none'
            ? printed.map((line) => Buffer.from(line))
            : framedRun(
                printed.map((line, index) => ({ stream: index % 3 === 0 ? 'e' : 'o', bytes: Buffer.from(line) })),
              )
        // Many lines of one nanosecond, and second borders.
        for (const [index, bytes] of physical.entries())
          kubelet.writeLine(nine + BigInt(Math.floor(index / 4)) * 700_000_000n, bytes)
        kubelet.exit()
        const texts: string[] = []
        let cursor: LogCursor | undefined
        for (let process = 0; texts.length < printed.length && process < 200; process++) {
          const stopAfter = pick(random, 1, 40)
          let taken = 0
          const stop = new AbortController()
          const run = collect(
            kubelet,
            {
              framing,
              containerEnded: kubelet.ended,
              signal: stop.signal,
              ...(cursor === undefined ? {} : { cursor }),
            },
            (item) => {
              if (item.type !== 'line' || taken === stopAfter) return
              texts.push(item.text)
              cursor = JSON.parse(JSON.stringify(item.cursor)) as LogCursor
              if (++taken === stopAfter) stop.abort(new Error('this process stops'))
            },
          )
          await run.catch((error: unknown) => {
            if (!(error instanceof Error) || error.message !== 'this process stops') throw error
          })
        }
        expect(texts).toEqual(printed)
      }
    },
  )

  it('taken while a line of the other stream is incomplete leads back to that line', async () => {
    const kubelet = new FakeKubelet()
    const frames = [
      frame(0, 'l', '{"type":"start","version":1,"pid":1,"startedAt":1}'),
      frame(1, 'o', 'out-', '+'),
      frame(2, 'e', 'err'),
      frame(3, 'o', 'put'),
      frame(4, 'l', endRecord(4)),
    ]
    for (const [index, bytes] of frames.entries())
      kubelet.writeLine(nine + BigInt(index) * 3_000_000_000n, bytes.subarray(0, -1))
    const first = await collect(kubelet, { framing: 'launcher', containerEnded: kubelet.ended })
    const cursor = first.lines.find((line) => line.text === 'err')?.cursor
    expect(cursor).toMatchObject({ next: 3, open: { stdout: 1 } })
    const { texts, end } = await collect(kubelet, {
      framing: 'launcher',
      containerEnded: kubelet.ended,
      ...(cursor === undefined ? {} : { cursor }),
    })
    expect(texts).toEqual(['out-put'])
    expect(end?.verdict).toBe('complete')
  })

  it('of another framing is rejected with a message', () => {
    const options = { containerEnded: Promise.resolve(), signal: new AbortController().signal }
    expect(() =>
      followLogs(new FakeKubelet(), {
        ...options,
        framing: 'none',
        cursor: { version: 1, framing: 'launcher', next: 1 },
      }),
    ).toThrow(/Expected `cursor`/)
    expect(() => followLogs(new FakeKubelet(), { ...options, framing: 'none', maxLineBytes: 3 })).toThrow(
      /maxLineBytes/,
    )
  })
})

describe('an invalid value', () => {
  const options = { containerEnded: Promise.resolve() }

  it.each([
    { version: 1, framing: 'launcher' },
    { version: 1, framing: 'launcher', next: -1 },
    { version: 1, framing: 'launcher', next: 1.5 },
    { version: 1, framing: 'launcher', next: 1, open: { stdout: 'x' } },
    { version: 1, framing: 'launcher', next: 1, since: 'yesterday' },
    { version: 2, framing: 'launcher', next: 1 },
    { version: 1, framing: 'none' },
    { version: 1, framing: 'none', seq: 1, last: ['x', '0123456789abcdef'] },
    { version: 1, framing: 'none', seq: 1, last: ['1', 'nonsense'] },
    { version: 1, framing: 'none', seq: 1, high: 'x' },
    { version: 1, framing: 'none', seq: 1, before: -2 },
    null,
    'cursor',
  ])('is rejected as a cursor: %j', (cursor) => {
    const framing = (cursor as { framing?: string } | null)?.framing === 'none' ? 'none' : 'launcher'
    expect(() => followLogs(new FakeKubelet(), { ...options, framing, cursor: cursor as LogCursor })).toThrow(
      expect.objectContaining({ code: 'invalid_cursor' }),
    )
  })

  it('is rejected for `containerEnded`', () => {
    expect(() =>
      followLogs(new FakeKubelet(), { framing: 'none', containerEnded: undefined as unknown as Promise<void> }),
    ).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })
})

describe('the journal as a file', () => {
  it('fills gaps of the log, even at the end, and a missing file is an empty journal', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'log-stream-journal-'))
    const path = join(directory, 'journal')
    const random = seededRandom(seed)
    const lines = randomLines(random, 2_000, { maxBytes: 9_000 })
    const frames = framedRun(lines.map((line) => ({ stream: 'o', bytes: Buffer.from(line) })))
    await writeFile(path, Buffer.concat(frames.flatMap((bytes) => [bytes, Buffer.from('\n')])))
    const follow = async (journalPath: string): Promise<Awaited<ReturnType<typeof collect>>> => {
      const kubelet = new FakeKubelet()
      for (const [seq, bytes] of frames.entries()) {
        // Three stretches are missing in the log, the last with the end record.
        if ((seq > 10 && seq < 40) || (seq > 900 && seq < 1_700) || seq > frames.length - 20) continue
        kubelet.writeLine(nine + BigInt(seq), bytes)
      }
      kubelet.exit()
      // Real files take real time: no virtual clock here.
      const items: LogItem[] = []
      const options = {
        framing: 'launcher',
        containerEnded: kubelet.ended,
        signal: new AbortController().signal,
      } as const
      for await (const item of followLogs(kubelet, { ...options, journal: fileJournal(journalPath) })) items.push(item)
      return sortItems(items)
    }
    const whole = await follow(path)
    expect(wholeTexts(whole)).toEqual(lines)
    expect(whole.end?.verdict).toBe('complete')
    const without = await follow(join(directory, 'absent'))
    expect(without.gaps.map((gap) => [gap.from, gap.to])).toEqual([
      [11, 39],
      [901, 1_699],
    ])
    expect(without.end?.verdict).toBe('lost')
    await rm(directory, { recursive: true })
  })
})
