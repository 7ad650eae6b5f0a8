import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { judgeResponse } from './judge-response.ts'

interface Recording {
  status: number
  headers: Record<string, string>
  body: unknown
}

const folder = new URL('__fixtures__/log-responses/', import.meta.url)
const judged: Record<string, string> = {
  '204-unscheduled.json': 'not-yet',
  '400-config-error.json': 'not-yet',
  '400-container-creating.json': 'not-yet',
  '400-container-required.json': 'refused',
  '400-container-unknown.json': 'refused',
  '400-image-pull-backoff.json': 'not-yet',
  '400-no-previous.json': 'refused',
  '400-not-available.json': 'not-yet',
  '400-pod-initializing.json': 'not-yet',
  '404-kubelet-restarting.json': 'retry',
  '404-pod.json': 'gone',
  '422-since-both.json': 'refused',
  '422-stream.json': 'refused',
  '500-kubelet-down.json': 'retry',
  '500-kubelet-hung.json': 'retry',
}

describe('an answer that is not a log', () => {
  const names = readdirSync(folder).filter((name) => !name.startsWith('200'))

  it('covers every recording', () => {
    expect(names.toSorted()).toEqual(Object.keys(judged))
  })

  it.each(names)('%s is judged', (name) => {
    const { status, headers, body } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Recording
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    expect(judgeResponse({ status, headers, body: text }).kind).toBe(judged[name])
  })

  it.each([
    [429, 'retry'],
    [401, 'retry'],
    [403, 'refused'],
    [500, 'retry'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
  ])('status %d without a Status object is %s', (status, kind) => {
    expect(judgeResponse({ status, headers: {}, body: '<html>proxy</html>' })).toMatchObject({
      kind,
      text: `${status} <html>proxy</html>`,
    })
  })

  const date = 'Thu, 01 Jan 1970 00:00:00 GMT'

  it.each([
    ['7', 7_000],
    ['99999', 600_000],
    // By the server's clock, whatever ours says.
    ['Thu, 01 Jan 1970 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 1969 23:00:00 GMT', 0],
    ['soon', undefined],
  ])('reads Retry-After "%s"', (value, ms) => {
    const judgement = judgeResponse({ status: 429, headers: { 'retry-after': value, date }, body: '' })
    expect(judgement).toEqual(
      ms === undefined ? { kind: 'retry', text: '429' } : { kind: 'retry', text: '429', retryAfterMs: ms },
    )
  })
})
