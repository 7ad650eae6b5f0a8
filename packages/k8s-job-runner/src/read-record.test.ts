import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeOutcome } from './describe-outcome.ts'
import { judgeOutcome } from './judge-outcome.ts'
import { readRecord } from './read-record.ts'

const end = { type: 'end', frames: 3, exitCode: 0, signal: null, durationMs: 5, stoppedBy: null }

describe('readRecord', () => {
  it('reads the end record that a launcher writes', () => {
    expect(readRecord({ ...end, exitCode: 137, signal: 'SIGKILL', oomKills: 1 })).toEqual({
      type: 'end',
      end: { exitCode: 137, signal: 'SIGKILL', durationMs: 5, stoppedBy: null, oomKills: 1 },
    })
    expect(readRecord({ ...end, startError: { code: 'ENOENT', message: 'no such file' } })).toMatchObject({
      end: { startError: { code: 'ENOENT', message: 'no such file' } },
    })
    expect(readRecord({ type: 'notice', code: 'feed_failed', message: 'EPIPE' })).toEqual({
      type: 'notice',
      code: 'feed_failed',
      message: 'EPIPE',
    })
  })

  it('takes null for absent', () => {
    expect(readRecord({ ...end, startError: null, durationMs: null, oomKills: null })).toEqual({
      type: 'end',
      end: { exitCode: 0, signal: null, stoppedBy: null },
    })
  })

  it.each([
    ['exitCode', '0'],
    ['exitCode', 256],
    ['exitCode', -1],
    ['exitCode', 0.5],
    ['signal', 'kill -9'],
    ['signal', 9],
    ['durationMs', -1],
    ['durationMs', '5'],
    ['stoppedBy', {}],
    ['stoppedBy', 'a\u001B[31m'],
    ['oomKills', 'many'],
    ['startError', 'ENOENT'],
    ['startError', { code: 1, message: 'm' }],
    ['startError', { code: 'ENOENT' }],
  ])('refuses an end record whose %s is %j', (field, value) => {
    expect(readRecord({ ...end, [field]: value })).toBeNull()
  })

  it('cuts messages, so that a record cannot fill memory or a database', () => {
    const message = 'x'.repeat(1_000_000)
    expect(readRecord({ type: 'notice', code: 'c', message })).toMatchObject({ message: 'x'.repeat(2000) })
    expect(readRecord({ ...end, startError: { code: 'E', message } })).toMatchObject({
      end: { startError: { message: 'x'.repeat(2000) } },
    })
  })

  it('never throws, and what it reads always gives a judgement', () => {
    const odd = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(null, -1, 256, 0.5, '', {}, []))
    /** Mostly what a launcher writes, so that many records are believed and one field is forged. */
    const mostly = (...good: unknown[]) => fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...good) }, odd)
    const forged = fc.record(
      {
        type: mostly('end', 'end', 'end', 'notice'),
        exitCode: mostly(0, 1, 137, 143, null),
        signal: mostly(null, 'SIGKILL', 'SIGTERM'),
        durationMs: mostly(0, 12),
        stoppedBy: mostly(null, 'signal', 'idle_limit', 'something_new'),
        oomKills: mostly(0, 2),
        startError: mostly(null, { code: 'ENOENT', message: 'm' }, { code: 1 }),
        code: mostly('c'),
        message: mostly('m'),
      },
      { requiredKeys: ['type'] },
    )
    let read = 0
    fc.assert(
      fc.property(fc.oneof(forged, fc.jsonValue()), (record) => {
        const found = readRecord(record)
        if (found?.type !== 'end') return
        read += 1
        const judgement = judgeOutcome({ container: 'main', end: found.end })
        const message = judgement.verdict === 'undecided' ? 'undecided' : describeOutcome(judgement.outcome).message
        expect(message).not.toBe('')
      }),
      { numRuns: 3000 },
    )
    // The property says nothing unless many of the forged records were believable.
    expect(read).toBeGreaterThan(100)
  })
})
