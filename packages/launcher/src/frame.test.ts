import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrames } from '../test/decode-frames.ts'
import { encodeFrame, maxFrameBytes, maxPayloadBytes } from './frame.ts'

describe('encodeFrame', () => {
  it('writes the documented line', () => {
    const frame = encodeFrame({
      seq: 1,
      stream: 'o',
      time: 1_700_000_000_000,
      payload: Buffer.from('hellö'),
      flag: '.',
    })
    expect(frame.toString()).toBe('@aj1 1 o 1700000000000 6 hellö.\n')
  })

  it('writes an empty payload', () => {
    const frame = encodeFrame({ seq: 0, stream: 'e', time: 5, payload: new Uint8Array(), flag: '$' })
    expect(frame.toString()).toBe('@aj1 0 e 5 0 $\n')
  })

  it('keeps the largest frame within its bound', () => {
    const payload = Buffer.alloc(maxPayloadBytes, 'x')
    const frame = encodeFrame({ seq: Number.MAX_SAFE_INTEGER, stream: 'l', time: 8.64e15, payload, flag: '+' })
    expect(frame.length).toBeLessThanOrEqual(maxFrameBytes)
  })

  it('refuses a payload above its bound', () => {
    const payload = new Uint8Array(maxPayloadBytes + 1)
    const encode = (): Buffer => encodeFrame({ seq: 0, stream: 'o', time: 0, payload, flag: '.' })
    expect(encode).toThrow(new RangeError('Expected a payload of at most 8000 bytes, got 8001'))
  })

  it('is read back byte for byte, for any payload without a newline', () => {
    const payload = fc.uint8Array({ maxLength: maxPayloadBytes }).map((bytes) => bytes.filter((byte) => byte !== 10))
    const seq = fc.nat()
    const frames = fc.record({
      seq,
      stream: fc.constantFrom('o', 'e', 'l'),
      time: fc.nat({ max: 4e12 }),
      payload,
      flag: fc.constantFrom('.', '+', '$'),
    })
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 5 }), (list) => {
        const { frames: read, diagnostics } = decodeFrames(Buffer.concat(list.map((frame) => encodeFrame(frame))))
        expect(diagnostics).toEqual([])
        expect(read).toEqual(list.map((frame) => ({ ...frame, payload: Buffer.from(frame.payload) })))
      }),
    )
  })
})
