import { describe, expect, it } from 'vitest'
import { createStyle, shorten } from './style.ts'

const escape = '\u001b'

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
