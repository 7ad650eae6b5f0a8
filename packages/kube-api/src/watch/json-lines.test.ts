import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFixture } from '../../test/fixture.ts'
import { KubeError } from '../kube-error.ts'
import { readJsonLines } from './json-lines.ts'

async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    yield bytes.subarray(start, Math.max(start, Math.min(cut, bytes.length)))
    start = Math.max(start, Math.min(cut, bytes.length))
  }
  yield bytes.subarray(start)
}

async function readAll(bytes: Uint8Array, cuts: readonly number[] = [], maxLineBytes = 1_000_000): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of readJsonLines(inPieces(bytes, cuts), { source: 'test', maxLineBytes })) values.push(value)
  return values
}

describe('JSON lines', () => {
  it('are the same however the bytes are cut, also within a character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat(400)), async (values, cuts) => {
        const text = values.map((value) => `${JSON.stringify(value)}\n`).join('')
        const whole = values.map((value) => JSON.parse(JSON.stringify(value)) as unknown)
        expect(await readAll(Buffer.from(text), cuts)).toEqual(whole)
      }),
    )
  })

  it('are read from a recorded WatchList of 92 pods in pieces of 16 KiB', async () => {
    const bytes = Buffer.from(readFixture('watch-bookmarks/pods-watchlist.ndjson'))
    const cuts = Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, index) => index * 16_384)
    const values = await readAll(bytes, cuts)
    expect(values).toHaveLength(readFixture('watch-bookmarks/pods-watchlist.ndjson').trimEnd().split('\n').length)
  })

  it('leave out bytes after the last newline', async () => {
    expect(await readAll(Buffer.from('{"a":1}\n{"b":2'))).toEqual([{ a: 1 }])
  })

  it('report a broken line', async () => {
    await expect(readAll(Buffer.from('{"a":\n'))).rejects.toMatchObject({ code: 'bad_response', retryable: true })
  })

  it('reject a line above the limit before all of it is in memory', async () => {
    const error: unknown = await readAll(Buffer.alloc(3_000, 0x20), [1_000, 2_000], 1_500).catch(
      (cause: unknown) => cause,
    )
    expect(KubeError.isInstance(error) && error.code).toBe('response_too_large')
  })

  it('take an object of 8 MiB in small pieces in linear time', async () => {
    const bytes = Buffer.from(`${JSON.stringify({ data: 'x'.repeat(8 * 1_048_576) })}\n`)
    const cuts = Array.from({ length: Math.ceil(bytes.length / 4_096) }, (_, index) => index * 4_096)
    const startedAt = performance.now()
    expect(await readAll(bytes, cuts, 32 * 1_048_576)).toHaveLength(1)
    // 2,049 pieces joined per piece would copy 8 GiB.
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })
})
