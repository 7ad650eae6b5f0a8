import { assert, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStyle, plain, shorten } from './style.ts'

const escape = '\u001b'

describe('plain', () => {
  it.each([
    [`${escape}[31mred${escape}[0m`, 'red'],
    [`${escape}]0;title\u0007after`, 'after'],
    [`${escape}]8;;http://x${escape}\\link`, 'link'],
    ['a\rb\u0000c\u0007', 'abc'],
    ['line\n\tnext', 'line\n\tnext'],
    ['Grüße 👩‍💻', 'Grüße 👩‍💻'],
  ])('makes %j safe to print', (text, expected) => {
    expect(plain(text)).toBe(expected)
  })

  it('never lets an escape or a control character through', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- control characters are what this is about
        expect(plain(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
      }),
    )
  })
})

describe('shorten', () => {
  it('keeps what fits and marks what does not', () => {
    expect(shorten('abc', 3)).toBe('abc')
    expect(shorten('abcd', 3)).toBe('ab…')
  })
})

describe('createStyle', () => {
  it('adds nothing without colour', () => {
    expect(createStyle(false).red('x')).toBe('x')
    expect(createStyle(true).red('x')).toBe(`${escape}[31mx${escape}[39m`)
  })
})
