import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createUiSession, refusalOf } from './ui-session.ts'

const request = (headers: Record<string, string>, method = 'GET'): IncomingMessage =>
  ({ method, headers }) as unknown as IncomingMessage

describe('createUiSession', () => {
  it('lets one browser in, once', () => {
    const session = createUiSession()
    expect(session.redeem('wrong')).toBeNull()
    expect(session.redeem(null)).toBeNull()
    const cookie = session.redeem(session.token) ?? ''
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(session.redeem(session.token)).toBeNull()
    const [pair = ''] = cookie.split(';')
    expect(session.isKnown(request({ cookie: `other=1; ${pair}` }))).toBe(true)
    expect(session.isKnown(request({ cookie: `${pair}x` }))).toBe(false)
    expect(session.isKnown(request({}))).toBe(false)
  })
})

describe('refusalOf', () => {
  it.each([
    ['the page', 'GET', { host: '127.0.0.1:5000' }],
    ['its own POST', 'POST', { host: 'localhost:5000', origin: 'http://localhost:5000' }],
  ])('takes %s', (_what, method, headers) => {
    expect(refusalOf(request(headers as Record<string, string>, method), 5000)).toBeNull()
  })

  it.each([
    ['a name that leads to loopback', 'GET', { host: 'evil.example:5000' }, 'This server answers'],
    ['another port', 'GET', { host: '127.0.0.1:5001' }, 'This server answers'],
    ['no host', 'GET', {}, 'This server answers'],
    [
      'a POST of another page',
      'POST',
      { host: '127.0.0.1:5000', origin: 'https://evil.example' },
      'Requests of other pages',
    ],
    ['a POST without an origin', 'POST', { host: '127.0.0.1:5000' }, 'Requests of other pages'],
  ])('refuses %s', (_what, method, headers, refusal) => {
    expect(refusalOf(request(headers as Record<string, string>, method), 5000)).toContain(refusal)
  })
})
