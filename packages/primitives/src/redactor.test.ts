import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor } from './redactor.ts'

const secret = 'p4ss"word\\with+all /of=it?'

describe('a redactor', () => {
  it('hides the longest value first, and leaves short texts alone', () => {
    const { text } = createRedactor({ secrets: ['sk-ant-abcdefgh', 'sk-ant-abcdefgh-long', 'short'] })
    expect(text('key sk-ant-abcdefgh-long, sk-ant-abcdefgh, short')).toBe('key ***, ***, short')
  })

  it('hides shorter values where they were read from a secret', () => {
    expect(createRedactor({ resolved: ['hunter2'] }).text('it is hunter2')).toBe('it is ***')
    expect(createRedactor({ secrets: ['hunter2'] }).text('it is hunter2')).toBe('it is hunter2')
    expect(createRedactor({ resolved: ['12345'] }).text('12345')).toBe('12345')
  })

  it.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ secret })],
    ['in JSON in JSON', JSON.stringify({ text: JSON.stringify({ secret }) })],
    ['in a URL', `http://x/?k=${encodeURIComponent(secret)}`],
    ['in a form', new URLSearchParams({ k: secret }).toString().replaceAll('%2F', '%2F')],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 for URLs', Buffer.from(`x${secret}`).toString('base64url')],
    ['in the login of a header', `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
  ])('hides a value %s', (_what, shown) => {
    expect(createRedactor({ secrets: [secret] }).text(`a ${shown} b`)).toContain('***')
  })

  it('hides a value at any place of a base64 text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', minLength: 16, maxLength: 60 }),
        fc.string(),
        fc.string(),
        (value, before, after) => {
          fc.pre(value.trim() === value)
          const shown = Buffer.from(before + value + after).toString('base64')
          expect(createRedactor({ secrets: [value] }).text(shown)).toContain('***')
        },
      ),
    )
  })

  it('hides a file of several lines line by line, and encoded as a whole', () => {
    const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1\nqQIDAQABAoIBAQC2x\n-----END RSA PRIVATE KEY-----\n'
    const { text } = createRedactor({ secrets: [pem] })
    for (const shown of [
      ...pem.split('\n'),
      JSON.stringify({ pem: pem.trim() }),
      Buffer.from(pem.trim()).toString('base64'),
    ]) {
      expect(text(shown)).not.toMatch(/MIIEow|qQIDAQ|TUlJRW/)
    }
    expect(text('-----BEGIN RSA PRIVATE KEY-----')).toBe('-----BEGIN RSA PRIVATE KEY-----')
  })

  it('hides a value wherever the parts of a text are cut, and loses nothing else', () => {
    const values = ['first-secret-value', 'second/secret+value', 'secret-value-nested-first-secret-value']
    const { stream, text } = createRedactor({ secrets: values })
    const piece = fc.oneof(fc.constantFrom(...values, 'first-secret-', 'value'), fc.string({ maxLength: 20 }))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 30 }), (pieces, sizes) => {
        const whole = pieces.join('')
        const redact = stream()
        let shown = ''
        let at = 0
        for (const size of sizes) {
          shown += redact(whole.slice(at, at + size), true)
          at += size
        }
        shown += redact(whole.slice(at), false)
        expect(shown).toBe(text(whole))
      }),
      { numRuns: 2000 },
    )
  })

  it('holds back no more than a value could still grow to, whatever the length of the text', () => {
    const redact = createRedactor({ secrets: ['first-secret-value'] }).stream()
    let shown = 0
    for (let part = 1; part <= 100; part += 1) {
      shown += redact('x'.repeat(8000), true).length
      expect(part * 8000 - shown).toBeLessThan(200)
    }
  })
})
