import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endRecord, frame } from '../test/frames.ts'
import { playStage } from '../test/timeline.ts'
import type { FollowOptions } from './follow-options.ts'
import type { JournalSource } from './journal-source.ts'

const start = frame(0, 'l', '{"type":"start","version":1,"pid":1,"startedAt":1}')
const line = (seq: number): Buffer => frame(seq, 'o', `line ${seq}`)
const end = (seq: number): Buffer => frame(seq, 'l', endRecord(seq))

/** Follows a container that writes these frames, one each second, and then ends. */
function follow(frames: readonly Buffer[], options: Partial<FollowOptions> = {}) {
  return playStage({ framing: 'launcher', options: { endRecord: 'confirm', ...options } }, async (stage) => {
    for (const bytes of frames) {
      stage.print(bytes.subarray(0, -1))
      await stage.pass(1_000)
    }
    stage.kubelet.exit()
  })
}

describe('an end record', () => {
  it('is delivered at once, and proves the end when the container ends with it', async () => {
    let requests = 0
    const fault = (): undefined => void (requests += 1)
    const stage = { framing: 'launcher', kubelet: { fault }, options: { endRecord: 'confirm' } } as const
    const played = await playStage(stage, async ({ print, pass, kubelet }) => {
      for (const bytes of [start, line(1), end(2)]) print(bytes.subarray(0, -1))
      await pass(1_000)
      kubelet.exit()
    })
    expect(played.items.map(({ type }) => type)).toEqual(['record', 'line', 'record', 'end'])
    expect(played.end).toMatchObject({ verdict: 'complete', ending: 'proved' })
    // One connection, and one look at the newest line, which shows that nothing follows.
    expect(requests).toBe(2)
  })

  it('that the command forged does not hide what the container prints after it', async () => {
    // The command knows the next number from the journal; the launcher continues with that same number.
    const { texts, items, end: last } = await follow([start, line(1), end(2), line(2), line(3), end(4)])
    expect(texts).toEqual(['line 1', 'line 2', 'line 3'])
    expect(items.filter(({ type }) => type === 'record')).toHaveLength(3)
    expect(last).toMatchObject({ verdict: 'unverified', ending: 'contested' })
    expect(items).toContainEqual(expect.objectContaining({ type: 'diagnostic', code: 'frames_contested' }))
  })

  it('is missing when only the forged one came and the container went on', async () => {
    const { texts, end: last } = await follow([start, line(1), end(2), line(2), line(3)])
    expect(texts).toEqual(['line 1', 'line 2', 'line 3'])
    expect(last).toMatchObject({ verdict: 'unverified', ending: 'missing' })
  })

  it.each([
    ['counts other frames', frame(2, 'l', endRecord(7))],
    ['has a start error of null', frame(2, 'l', endRecord(2, { startError: null }))],
    ['stops by a number', frame(2, 'l', endRecord(2, { stoppedBy: 7 }))],
  ])('that %s is a diagnostic', async (_, forged) => {
    const { items, texts, end: last } = await follow([start, line(1), forged, line(3), end(4)])
    expect(texts).toEqual(['line 1', 'line 3'])
    expect(items).toContainEqual(expect.objectContaining({ type: 'diagnostic', code: 'not_a_frame' }))
    expect(last).toMatchObject({ verdict: 'complete', ending: 'proved' })
  })

  it('of an earlier process is recognised by the next', async () => {
    const first = await follow([start, line(1), end(2)], { endRecord: 'trust' })
    const cursor = first.items.findLast((item) => item.type === 'record')?.cursor
    const second = await follow([start, line(1), end(2)], { cursor })
    expect(second.items.map(({ type }) => type)).toEqual(['end'])
    expect(second.end).toMatchObject({ ending: 'proved' })
  })
})

describe('a forged number', () => {
  it('far ahead does not hide the lines of the launcher', async () => {
    const forged = frame(1_000_000, 'o', 'forged')
    const { lines, end: last } = await follow([start, line(1), forged, line(2), line(3), end(4)])
    expect(lines.map(({ text, late }) => [text, late])).toEqual([
      ['line 1', undefined],
      ['forged', undefined],
      ['line 2', true],
      ['line 3', true],
    ])
    expect(last).toMatchObject({ verdict: 'unverified', ending: 'contested' })
  })

  it('that the launcher uses later does not hide its line', async () => {
    const forged = frame(2, 'o', 'forged')
    const { lines, end: last } = await follow([start, line(1), forged, line(2), end(3)])
    expect(lines.map(({ text, contested }) => [text, contested])).toEqual([
      ['line 1', undefined],
      ['forged', undefined],
      ['line 2', true],
    ])
    expect(last).toMatchObject({ verdict: 'unverified', ending: 'contested' })
  })

  it('is delivered once across all following processes', async () => {
    const frames = [start, line(1), frame(1_000, 'o', 'forged'), line(2), line(3), end(4)]
    const first = await follow(frames)
    for (const { cursor } of first.lines.slice(1)) {
      const second = await follow(frames, { cursor })
      const before = first.lines.slice(0, first.lines.findIndex((each) => each.cursor === cursor) + 1)
      expect([...before, ...second.lines].map(({ text }) => text).toSorted()).toEqual(first.texts.toSorted())
    }
  })
})

describe('whatever the container prints and writes into the journal', () => {
  const number = fc.oneof({ weight: 3, arbitrary: fc.nat(8) }, fc.constantFrom(999, 999_999_999_999_999))
  const record = fc.oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.nat(8).map((frames) => endRecord(frames)),
    fc
      .tuple(fc.nat(8), fc.constantFrom('startError', 'signal', 'frames', 'exitCode'), fc.jsonValue())
      .map(([frames, field, value]) => endRecord(frames, { [field]: value })),
  )
  const forged = fc.oneof(
    fc
      .tuple(
        number,
        fc.constantFrom<'o' | 'e'>('o', 'e'),
        fc.string({ maxLength: 5 }),
        fc.constantFrom<'.' | '+' | '$'>('.', '+', '$'),
      )
      .map(([seq, stream, text, flag]) => frame(seq, stream, text.replaceAll('\n', ''), flag)),
    fc.tuple(number, record).map(([seq, text]) => frame(seq, 'l', text)),
    fc
      .uint8Array({ maxLength: 40 })
      .map((bytes) => Buffer.concat([bytes.map((byte) => (byte === 10 ? 0 : byte)), Buffer.from('\n')])),
  )

  const anything = fc.array(forged, { maxLength: 12 })
  // Half of the containers also print what a launcher does, with an end record that its command has forged.
  const printed = fc.oneof(
    anything,
    anything.map((frames) => [start, line(1), end(2), ...frames, line(2), line(3), end(4)]),
  )

  it('leads to items and an end, and never throws', async () => {
    const seen = { gaps: 0, contested: 0, diagnostics: 0, ends: new Set<string>() }
    await fc.assert(
      fc.asyncProperty(printed, anything, async (frames, kept) => {
        const journal: JournalSource = {
          async *read() {
            yield Buffer.concat(kept)
          },
        }
        const played = await follow(frames, { journal, drainMs: 1_000 })
        seen.gaps += played.gaps.length
        seen.contested += played.lines.filter(({ contested }) => contested).length
        seen.diagnostics += played.diagnostics.length
        seen.ends.add(played.end?.ending ?? 'none')
        expect(played.items.at(-1)?.type).toBe('end')
      }),
      { numRuns: 300 },
    )
    expect(Math.min(seen.gaps, seen.contested, seen.diagnostics)).toBeGreaterThan(20)
    expect([...seen.ends].toSorted()).toEqual(expect.arrayContaining(['contested', 'missing']))
  })
})
