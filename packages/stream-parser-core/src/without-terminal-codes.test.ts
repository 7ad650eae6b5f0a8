import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutTerminalCodes } from './without-terminal-codes.ts'

describe('a text without terminal codes', () => {
  it.each([
    ['colours', '\u001b[91m\u001b[1mError: \u001b[0mno', 'Error: no'],
    ['a title that ends with BEL', '\u001b]0;claude\u0007{"a":1}', '{"a":1}'],
    ['a title that ends with ST', '\u001b]0;claude\u001b\\x', 'x'],
    ['a link', '\u001b]8;;https://x\u001b\\x\u001b]8;;\u001b\\', 'x'],
    ['a cleared screen', '\u001b[2J\u001b[3J\u001b[Hx', 'x'],
    ['private modes', '\u001b[?25lx\u001b[?2004h', 'x'],
    ['a saved cursor', '\u001b7x\u001b8', 'x'],
    ['a character set', '\u001b(Bx', 'x'],
    ['C1 controls', '\u009b1mx\u0085', 'x'],
    ['NULs and a bell', '\u0000\u0000x\u0007', 'x'],
  ])('has lost %s', (_, text, rest) => expect(withoutTerminalCodes(text)).toBe(rest))

  it('keeps tabs and line ends', () => expect(withoutTerminalCodes('a\tb\r\nc')).toBe('a\tb\r\nc'))

  it('keeps every text that has none', () => {
    const printable = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}]/u.test(text))
    fc.assert(
      fc.property(printable, (text) => {
        expect(withoutTerminalCodes(text)).toBe(text)
      }),
    )
  })

  it('never holds an escape character afterwards', () => {
    const unit = fc.constantFrom('\u001b', '[', ']', '0', ';', 'm', 'x', '\u0007', '\\', '\u0000')
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(withoutTerminalCodes(text)).not.toMatch(/\p{Cc}/u)
      }),
    )
  })
})
