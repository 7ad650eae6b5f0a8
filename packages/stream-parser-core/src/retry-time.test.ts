import { describe, expect, it } from 'vitest'
import { readRetryTime } from './retry-time.ts'

const atMs = Date.UTC(2026, 10, 29, 12, 0, 0)
const after = (ms: number) => ({ afterMs: ms, notBeforeMs: atMs + ms })
const at = (ms: number) => ({ afterMs: Math.max(0, ms - atMs), notBeforeMs: ms })

describe('the time to try again', () => {
  it.each<[Record<string, unknown>, ReturnType<typeof after> | null]>([
    [{ 'retry-after-ms': '1500' }, after(1500)],
    [{ 'retry-after': '22560' }, after(22_560_000)],
    [{ 'Retry-After': '20' }, after(20_000)],
    [{ 'RETRY-AFTER': 20 }, after(20_000)],
    [{ 'retry-after': ['7'] }, after(7000)],
    [{ 'retry-after': 'Sun, 29 Nov 2026 12:01:00 GMT' }, after(60_000)],
    [{ 'retry-after': 'Sun, 29 Nov 2026 12:01:00 GMT', date: 'Sun, 29 Nov 2026 12:00:50 GMT' }, after(10_000)],
    [{ 'retry-after': 'Sun, 29 Nov 2026 11:00:00 GMT' }, after(0)],
    [{ 'anthropic-ratelimit-unified-reset': String(atMs / 1000 + 3600) }, at(atMs + 3_600_000)],
    [
      { 'anthropic-ratelimit-requests-reset': '2026-11-29T12:00:30Z', 'anthropic-ratelimit-requests-remaining': '0' },
      at(atMs + 30_000),
    ],
    [
      { 'anthropic-ratelimit-requests-reset': '2026-11-29T12:00:30Z', 'anthropic-ratelimit-requests-remaining': '9' },
      null,
    ],
    [{ 'x-ratelimit-reset-requests': '6m0s', 'x-ratelimit-remaining-requests': '0' }, after(360_000)],
    [{ 'x-ratelimit-reset-tokens': '120ms', 'x-ratelimit-remaining-tokens': '0' }, after(120)],
    [{ 'x-ratelimit-reset': String(atMs + 60_000) }, at(atMs + 60_000)],
    [{ 'x-codex-primary-reset-after-seconds': '60' }, after(60_000)],
    [
      {
        'x-codex-primary-reset-after-seconds': '60',
        'x-codex-primary-used-percent': '40',
        'x-codex-secondary-reset-after-seconds': '600',
        'x-codex-secondary-used-percent': '100',
      },
      after(600_000),
    ],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '99999999999' }, null],
    [{}, null],
  ])('is read from the headers %j', (headers, expected) => {
    expect(readRetryTime({ headers, atMs })).toEqual(expected)
  })

  it.each<[Record<string, unknown>, ReturnType<typeof after> | null]>([
    [{ resets_in_seconds: 13_872, resets_at: 1_777_936_568 }, after(13_872_000)],
    [{ resets_at: atMs / 1000 + 60 }, at(atMs + 60_000)],
    [{ resets_at: atMs + 60_000 }, at(atMs + 60_000)],
    [{ resets_at: '2026-11-29T12:01:00Z' }, at(atMs + 60_000)],
    [{ retryDelay: '34.5s' }, after(34_500)],
    [{ retryDelay: { seconds: 3 } }, after(3000)],
    [{ retry_after: 2 }, after(2000)],
    [{ retry_after_ms: 2 }, after(2)],
    [{ resets_in_seconds: 'soon', resets_at: 5 }, null],
    [{ headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(atMs + 60_000) } }, at(atMs + 60_000)],
    [{ headers: 'X-RateLimit-Reset' }, null],
  ])('is read from the body %j', (object, expected) => {
    expect(readRetryTime({ objects: [object], atMs })).toEqual(expected)
  })

  it('prefers what the provider states for this answer, then for every answer, then a sentence', () => {
    const headers = { 'x-codex-primary-reset-after-seconds': '13873' }
    const messages = ['Try again in 5 seconds']
    expect(readRetryTime({ headers, objects: [{ resets_in_seconds: 7 }], messages, atMs })).toEqual(after(7000))
    expect(readRetryTime({ headers, messages, atMs })).toEqual(after(13_873_000))
    expect(readRetryTime({ messages, atMs })).toEqual(after(5000))
  })

  it('is as exact as possible when the time of the error is unknown', () => {
    expect(readRetryTime({ headers: { 'retry-after': '5' }, atMs: null })).toEqual({ afterMs: 5000, notBeforeMs: null })
    expect(readRetryTime({ objects: [{ resets_at: 1_777_936_568 }], atMs: null })).toEqual({
      afterMs: null,
      notBeforeMs: 1_777_936_568_000,
    })
  })
})
