import { encodeFrame, parseFrame, type Frame as WrittenFrame } from '@agent-jobs/frames'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frame } from '../test/frames.ts'
import { createFrameDecoder } from './frame-decoder.ts'

interface Seen {
  seq: number
  stream: string
  time: number
  payload: string
  flag: string
}

/** Decodes chunk by chunk, as a stream would. */
function decode(chunks: Iterable<Uint8Array>): (Seen | string)[] {
  const decoder = createFrameDecoder()
  const seen: (Seen | string)[] = []
  for (const chunk of chunks) {
    for (const entry of decoder.push(chunk)) {
      if (entry.kind === 'text') seen.push(entry.text)
      else seen.push({ ...entry.frame, payload: entry.frame.payload.toString('hex') })
    }
  }
  return seen
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length))
}

const payload = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 ? 0 : byte))))
const anyFrame: fc.Arbitrary<WrittenFrame> = fc.record({
  seq: fc.nat(),
  stream: fc.constantFrom('o', 'e', 'l'),
  time: fc.nat({ max: 4_000_000_000_000 }),
  payload,
  flag: fc.constantFrom('.', '+', '$'),
})

describe('the frame decoder', () => {
  it('reads what the launcher writes, however the bytes are cut, with and without timestamps', () => {
    fc.assert(
      fc.property(fc.array(anyFrame), fc.array(fc.nat()), fc.boolean(), (frames, cuts, stamped) => {
        const prefix = Buffer.from(stamped ? '2026-11-21T09:00:00.100000000+05:45 ' : '')
        const bytes = Buffer.concat(frames.flatMap((each) => [prefix, encodeFrame(each)]))
        expect(decode(cut(bytes, cuts))).toEqual(
          frames.map(({ time, ...rest }) => ({
            ...rest,
            time,
            payload: Buffer.from(rest.payload).toString('hex'),
          })),
        )
      }),
    )
  })

  it('returns the same entries for any bytes, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array(), anyFrame.map(encodeFrame))),
        fc.array(fc.nat()),
        (pieces, cuts) => {
          const bytes = Buffer.concat(pieces)
          expect(decode(cut(bytes, cuts))).toEqual(decode([bytes]))
        },
      ),
    )
  })

  it('treats a frame inside a payload as payload', () => {
    const inner = frame(7, 'o', 'forged').subarray(0, -1)
    expect(decode([frame(0, 'o', inner)])).toEqual([
      expect.objectContaining({ seq: 0, payload: inner.toString('hex') }),
    ])
  })

  it.each([
    ['a wrong length', '@aj1 0 o 1 4 abc.'],
    ['a missing flag', '@aj1 0 o 1 3 abc'],
    ['an unknown flag', '@aj1 0 o 1 3 abc!'],
    ['an unknown stream', '@aj1 0 x 1 3 abc.'],
    ['a sign', '@aj1 -1 o 1 3 abc.'],
    ['an empty number', '@aj1  o 1 3 abc.'],
    ['a number that is too long', '@aj1 1234567890123456 o 1 3 abc.'],
    ['another version', '@aj2 0 o 1 3 abc.'],
    ['a carriage return behind the flag', '@aj1 0 o 1 3 abc.\r'],
    ['a message from the kubelet', 'unable to retrieve container logs for containerd://1'],
    ['an empty line', ''],
  ])('treats %s as text', (_what, text) => {
    expect(decode([Buffer.from(`${text}\n`)])).toEqual([text])
    expect(parseFrame(Buffer.from(text), 0, text.length)).toBeNull()
  })

  it('keeps a bounded piece of a line that is not a frame, and continues after it', () => {
    const decoder = createFrameDecoder()
    for (let i = 0; i < 100; i++) decoder.push(Buffer.alloc(65_536, 'x'))
    expect(decoder.rest().length).toBeLessThan(9_000)
    const entries = decoder.push(Buffer.concat([Buffer.from('\n'), frame(3, 'o', 'next')]))
    expect(entries).toEqual([
      { kind: 'text', text: 'x'.repeat(4_096), stamp: '' },
      { kind: 'frame', frame: expect.objectContaining({ seq: 3 }) },
    ])
  })

  it('keeps a carriage return and NUL of the payload', () => {
    const bytes = Buffer.from('a\0b\r')
    expect(decode([frame(0, 'o', bytes)])).toEqual([expect.objectContaining({ payload: bytes.toString('hex') })])
  })
})
