import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, locateFrame, maxFrameBytes, maxPayloadBytes, parseFrame, type Frame } from './frame.ts'

const withoutNewline = (max: number) =>
  fc.uint8Array({ maxLength: max }).map((bytes) => bytes.map((byte) => (byte === 10 ? 0 : byte)))
const frames: fc.Arbitrary<Frame> = fc.record({
  seq: fc.nat({ max: 999_999_999 }),
  stream: fc.constantFrom('o', 'e', 'l'),
  time: fc.nat({ max: 10 ** 14 }),
  payload: withoutNewline(300),
  flag: fc.constantFrom('.', '+', '$'),
})

describe('a frame', () => {
  it('is one line that reads back as what was written', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const line = encodeFrame(frame)
        expect(line.indexOf(10)).toBe(line.length - 1)
        const read = parseFrame(line, 0, line.length - 1)
        expect(read).toEqual({ ...frame, payload: Buffer.from(frame.payload) })
      }),
    )
  })

  it('is read in place from a larger buffer', () => {
    fc.assert(
      fc.property(frames, withoutNewline(50), withoutNewline(50), (frame, before, after) => {
        const line = encodeFrame(frame).subarray(0, -1)
        const read = parseFrame(Buffer.concat([before, line, after]), before.length, before.length + line.length)
        expect(read?.seq).toBe(frame.seq)
        expect(read?.payload).toEqual(Buffer.from(frame.payload))
      }),
    )
  })

  it('is located where its payload is', () => {
    const line = encodeFrame({ seq: 7, stream: 'e', time: 12, payload: Buffer.from('hello'), flag: '+' })
    const bytes = Buffer.concat([Buffer.from('before '), line])
    const located = locateFrame(bytes, 7, bytes.length - 1)
    expect(located).toEqual({ seq: 7, stream: 'e', time: 12, flag: '+', bytes, from: 21, to: 26 })
    expect(bytes.toString('utf8', 21, 26)).toBe('hello')
  })

  it('stays below the longest line that runtimes leave whole', () => {
    const payload = Buffer.alloc(maxPayloadBytes, 'x')
    const frame = encodeFrame({ seq: 999_999_999_999_999, stream: 'e', time: 10 ** 14, payload, flag: '+' })
    expect(frame.length).toBeLessThanOrEqual(maxFrameBytes)
    const tooLong = { seq: 0, stream: 'o', time: 0, payload: Buffer.alloc(maxPayloadBytes + 1), flag: '.' } as const
    expect(() => encodeFrame(tooLong)).toThrow('Expected a payload of at most 8000 bytes, got 8001')
  })

  it('is not found in any other bytes', () => {
    fc.assert(
      fc.property(withoutNewline(60), (bytes) => {
        expect(parseFrame(Buffer.from(bytes))).toBeNull()
      }),
    )
  })

  it('is not found when a byte before the payload changes into an invalid one', () => {
    const line = encodeFrame({ seq: 12, stream: 'o', time: 34, payload: Buffer.from('hello'), flag: '.' })
    for (let at = 0; at < line.indexOf('hello'); at += 1) {
      const broken = Buffer.from(line.subarray(0, -1))
      broken[at] = 0x21
      expect(parseFrame(broken)).toBeNull()
    }
  })

  it.each(['@aj1 0 o 0 0 .', '@aj1 999999999999999 l 999999999999999 1 x$'])('is found in %j', (text) => {
    expect(parseFrame(Buffer.from(text))).not.toBeNull()
  })

  it.each([
    '',
    '@aj1 ',
    '@aj1 0 o 0 0 ',
    '@aj1 0 o 0 0 ..',
    '@aj1 0 o 0 1 .',
    '@aj1 0 o 0 0 x',
    '@aj1  o 0 0 .',
    '@aj1 0 x 0 0 .',
    '@aj1 0 oo 0 0 .',
    '@aj1 -1 o 0 0 .',
    '@aj1 1e3 o 0 0 .',
    '@aj1 0 o 0 00000000000000000 .',
    '@aj1 9999999999999999 o 0 0 .',
    `@aj1 0 o 0 8001 ${'x'.repeat(8001)}.`,
    '@aj2 0 o 0 0 .',
  ])('is not found in %j', (text) => {
    expect(parseFrame(Buffer.from(text))).toBeNull()
  })
})
