import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecord } from './decode-record.ts'
import { noticeCodes, startErrorCodes, stopCauses, type EndRecord, type LauncherRecord } from './launcher-record.ts'

const decode = (value: unknown) => decodeRecord(Buffer.from(JSON.stringify(value)))
const start = { type: 'start', version: 1, pid: 17, startedAt: 1_700_000_000_000 }
const notice = { type: 'notice', code: 'killed', message: 'It was still there.' }
const end: EndRecord = {
  type: 'end',
  frames: 3,
  exitCode: 0,
  signal: null,
  durationMs: 1200,
  stoppedBy: null,
  stdoutBytes: 5,
  stderrBytes: 0,
}
const notStarted = { ...end, exitCode: null, startError: { code: 'cwd_missing', message: 'Mount the volume.' } }

/** Values that another type, or no value, would have in the place of a field. */
const wrong = [null, true, -1, 1.5, 1e300, '', '0', 'SIG', 'Killed!', [], {}, [0], { code: 'x' }, 2 ** 53]

describe('a record of the launcher', () => {
  it.each([start, { ...start, pid: null }, notice, end, notStarted, { ...end, oomKills: 2 }])(
    'is read as it was written: %j',
    (record) => {
      expect(decode(record)).toEqual(record)
    },
  )

  it.each([
    ['start', start, { pid: [null], startedAt: [], version: [], type: [] }],
    ['notice', notice, { code: [], message: ['', '0', 'SIG', 'Killed!'], type: [] }],
    [
      'end',
      { ...notStarted, oomKills: 1 },
      {
        type: [],
        frames: [],
        exitCode: [null],
        signal: [null],
        durationMs: [],
        stoppedBy: [null],
        stdoutBytes: [],
        stderrBytes: [],
        oomKills: [],
        startError: [],
      },
    ],
  ])('is rejected when any field of "%s" has an invalid value', (_, record, allowed) => {
    for (const [field, mayBe] of Object.entries<unknown[]>(allowed)) {
      for (const value of wrong) {
        if (mayBe.includes(value)) continue
        expect([field, value, decode({ ...record, [field]: value })]).toEqual([field, value, null])
      }
    }
  })

  it.each(Object.keys(end).filter((field) => field !== 'type'))(
    'is rejected without the field %s of an end',
    (field) => {
      expect(decode({ ...end, [field]: undefined })).toBeNull()
    },
  )

  it('is rejected with a start error that lacks a part', () => {
    for (const startError of [null, {}, { code: 'bad_spec' }, { message: 'x' }, { code: 5, message: 'x' }]) {
      expect(decode({ ...notStarted, startError })).toBeNull()
    }
  })

  it('keeps codes of a newer launcher and drops its other members', () => {
    expect(decode({ ...notice, code: 'new_code', colour: 'red' })).toEqual({ ...notice, code: 'new_code' })
    const startError = { code: 'new_code', message: 'x' }
    expect(decode({ ...notStarted, startError: { ...startError, more: 1 } })).toMatchObject({ startError })
    expect(decode({ ...end, stoppedBy: 'new_limit', __proto__x: 1 })).toEqual({ ...end, stoppedBy: 'unknown' })
  })

  it('accepts all of its own codes', () => {
    for (const stoppedBy of stopCauses) expect(decode({ ...end, stoppedBy })).toMatchObject({ stoppedBy })
    for (const code of noticeCodes) expect(decode({ ...notice, code })).toMatchObject({ code })
    for (const code of startErrorCodes) {
      expect(decode({ ...notStarted, startError: { code, message: '' } })).toMatchObject({ startError: { code } })
    }
  })

  it('is a whole record or null for any bytes', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .tuple(
          fc.constantFrom(start, notice, notStarted),
          fc.dictionary(fc.constantFrom(...Object.keys(end), 'startError'), fc.jsonValue()),
        )
        .map(([record, changes]) => Buffer.from(JSON.stringify({ ...record, ...changes }))),
    )
    const seen = { records: 0, refused: 0 }
    fc.assert(
      fc.property(anything, (bytes) => {
        const record = decodeRecord(bytes)
        seen[record === null ? 'refused' : 'records'] += 1
        expect(record === null || isWhole(record)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
    expect(Math.min(seen.records, seen.refused)).toBeGreaterThan(100)
  })
})

function isWhole(record: LauncherRecord): boolean {
  switch (record.type) {
    case 'start':
      return record.pid === null || record.pid > 0
    case 'notice':
      return record.code.length > 0 && typeof record.message === 'string'
    case 'end':
      return (
        record.frames >= 0 &&
        (record.stoppedBy === null || [...stopCauses, 'unknown'].includes(record.stoppedBy)) &&
        (record.startError === undefined || typeof record.startError.message === 'string')
      )
    default:
      return record satisfies never
  }
}
