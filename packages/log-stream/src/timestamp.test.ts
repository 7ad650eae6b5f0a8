import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStamp, sinceTime, StampReader, stampEnd } from './timestamp.ts'

function read(text: string): { ns: bigint | null; rest: string } {
  const bytes = Buffer.from(text)
  const end = stampEnd(bytes, 0, bytes.length)
  return end < 0 ? { ns: null, rest: text } : { ns: parseStamp(bytes, 0, end), rest: bytes.toString('utf8', end) }
}

const nine = 1_795_251_600_000_000_000n

describe('the timestamp in front of a line', () => {
  it.each([
    ['2026-11-21T09:00:00.000000000Z a', nine, 'a'],
    ['2026-11-21T09:00:00.000000001Z a', nine + 1n, 'a'],
    ['2026-11-21T11:00:00.500000000+02:00 two', nine + 500_000_000n, 'two'],
    ['2026-11-21T14:45:00.250000000+05:45 nepal', nine + 250_000_000n, 'nepal'],
    ['2026-11-21T04:00:00.125000000-05:00 minus', nine + 125_000_000n, 'minus'],
    ['2026-11-21T09:00:00.1Z short', nine + 100_000_000n, 'short'],
    ['2026-11-21T09:00:00Z whole', nine, 'whole'],
    ['2026-11-21T09:00:00.100000000Z ', nine + 100_000_000n, ''],
    ['2026-11-21T09:00:00.100000000Z  two spaces ', nine + 100_000_000n, ' two spaces '],
  ])('reads %s', (text, ns, rest) => {
    expect(read(text)).toEqual({ ns, rest })
  })

  it.each([
    '',
    'tail of a long line',
    'unable to retrieve container logs for containerd://977ff957af58f171a565da7efa3a0ca5',
    '2026-11-21T09:00:00.100000000Z',
    '2026-11-21',
    '2026-11-21 09:00:00.100000000Z a',
    '2026-11-21Tab:cd:00.100000000Z a',
  ])('finds none in "%s"', (text) => {
    expect(read(text).ns).toBeNull()
  })

  it('reads what any node writes, whatever its zone', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        fc.string(),
        (ns, zone, rest) => {
          const local = new Date(Number(ns / 1_000_000n) + zone * 60_000).toISOString().slice(0, 19)
          const two = (value: number): string => String(value).padStart(2, '0')
          const minutes = Math.abs(zone)
          const offset = `${zone < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
          const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0')
          expect(read(`${local}.${fraction}${offset} ${rest}`).ns).toBe(ns)
        },
      ),
    )
  })

  it('is read the same one by one and in a row', () => {
    const stamp = fc.oneof(
      fc
        .tuple(fc.constantFrom(-1, 0, 1, 1_795_251_600), fc.integer({ min: 0, max: 999_999_999 }))
        .map(([second, fraction]) => {
          const text = new Date(second * 1_000).toISOString().slice(0, 19)
          return `${text}.${String(fraction).padStart(9, '0')}Z `
        }),
      fc.constantFrom(
        '2026-11-21T09:00:00.1Z ',
        '2026-11-21T09:00:00.00000000xZ ',
        '2026-11-21T14:45:00.250000000+05:45 ',
      ),
    )
    fc.assert(
      fc.property(fc.array(stamp), (stamps) => {
        const reader = new StampReader()
        for (const text of stamps) {
          const bytes = Buffer.from(`..${text}`)
          expect(reader.read(bytes, 2, bytes.length)).toBe(parseStamp(bytes, 2, bytes.length))
        }
      }),
    )
  })

  it('is rounded down to whole seconds for requests', () => {
    expect(sinceTime(nine + 999_999_999n, 10)).toBe('2026-11-21T08:59:50Z')
    expect(sinceTime(nine, 1)).toBe('2026-11-21T08:59:59Z')
    expect(sinceTime(1n, 10)).toBe('1970-01-01T00:00:00Z')
  })
})
