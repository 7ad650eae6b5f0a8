import { describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { redactedTerminal } from './redacted-terminal.ts'

const key = 'sk-ant-"very"/secret+key 123'
const shown = (text: string, variables: Record<string, string> = { API_KEY: key }): string => {
  const terminal = fakeTerminal()
  const safe = redactedTerminal(terminal, variables)
  safe.out(text)
  safe.err(text)
  expect(terminal.stdout()).toBe(terminal.stderr())
  return terminal.stdout()
}

describe('redactedTerminal', () => {
  it.each([
    ['as it is', key],
    ['in JSON', JSON.stringify({ key })],
    ['in JSON within JSON', JSON.stringify(JSON.stringify({ key }))],
    ['in a URL', `https://x/?key=${encodeURIComponent(key)}`],
    ['in base64', Buffer.from(key).toString('base64')],
    ['in base64 behind one byte', Buffer.from(`u${key}`).toString('base64')],
    ['in base64 of a header', Buffer.from(`me:${key}`).toString('base64')],
  ])('hides a key %s', (_where, text) => {
    const safe = shown(`before ${text} after`)
    expect(safe).toContain('[redacted]')
    expect(safe).not.toMatch(/very|secret/)
    expect(Buffer.from(safe, 'base64').toString()).not.toContain('very')
    expect(safe).toMatch(/^before .* after$/)
  })

  it('hides a key file by its lines', () => {
    const file = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n'
    expect(shown('line hkiG9w0BAQEFAASC', { PRIVATE_KEY: file })).toBe('line [redacted]')
  })

  it('keeps values that are not credentials, by name or by length', () => {
    expect(shown('http://127.0.0.1:8080 scripted', { BASE_URL: 'http://127.0.0.1:8080', API_KEY: 'scripted' })).toBe(
      'http://127.0.0.1:8080 scripted',
    )
  })
})
