import { anything, array, assert, constantFrom, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonLine, ownText, plain } from './safe-text.ts'
import { createStyle } from './style.ts'

const escape = '\u001b'
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/
const hostile = array(
  constantFrom(
    escape,
    '[',
    ']',
    'P',
    '31m',
    '8;;http://x',
    '\u0007',
    `${escape}\\`,
    '\u009b',
    '\u202e',
    'a',
    '\n',
    '\r',
  ),
).map((parts) => parts.join(''))

describe('plain', () => {
  it.each([
    [`${escape}[31mred${escape}[0m`, 'red'],
    [`${escape}]0;title\u0007after`, 'after'],
    [`${escape}]8;;http://x${escape}\\link`, 'link'],
    [`${escape}]0;never ended`, '0;never ended'],
    [`${escape}P1;2|data${escape}\\after`, 'after'],
    ['a\rb\u0000c\u0007', 'abc'],
    ['\u009b31mC1\u009d0;title', '31mC10;title'],
    ['safe \u202egnp.exe\u202c', 'safe gnp.exe'],
    ['isolated \u2066text\u2069 \u200e\u200f\u061c', 'isolated text '],
    ['hidden \u{e0068}\u{e0069}tags', 'hidden tags'],
    ['line\n\tnext', 'line\n\tnext'],
    ['Grüße 👩‍💻', 'Grüße 👩‍💻'],
  ])('makes %j safe to print', (text, expected) => {
    expect(plain(text)).toBe(expected)
  })

  it('lets no control character through, whatever the text', () => {
    assert(property(string({ unit: 'binary' }), (text) => void expect(plain(text)).not.toMatch(unsafe)))
    assert(property(hostile, (text) => void expect(plain(text)).not.toMatch(unsafe)))
  })

  it('reads a megabyte of strings that never end in linear time', () => {
    const began = performance.now()
    plain(`${escape}]`.repeat(500_000))
    plain(`${escape}[`.repeat(500_000))
    plain(`${escape}[${'1;'.repeat(500_000)}`)
    // Quadratic, each would take minutes.
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})

describe('ownText', () => {
  it('keeps our colours and nothing else', () => {
    const style = createStyle(true)
    const shown = `${style.red('red')} ${style.bold('bold')} ${style.dim('dim')} ${style.green('ok')}`
    expect(ownText(shown)).toBe(shown)
    expect(ownText(`${style.red('a')}${escape}[8mhidden${escape}[2J\u009b`)).toBe(`${style.red('a')}hidden`)
  })

  it('is plain but for our colours, whatever the text', () => {
    // oxlint-disable-next-line no-control-regex -- the escape that begins a colour
    const colours = /\u001b\[(?:0|1|2|22|3[1-6]|39)m/g
    assert(property(hostile, (text) => void expect(ownText(text).replaceAll(colours, '')).not.toMatch(unsafe)))
  })
})

describe('jsonLine', () => {
  it('escapes what steers a terminal and keeps the value', () => {
    const value = { text: `${escape}[31m\u009b\u202e\u007f\u{e0068}` }
    expect(jsonLine(value)).toBe(String.raw`{"text":"\u001b[31m\u009b\u202e\u007f\udb40\udc68"}` + '\n')
  })

  it('is the same value for every reader, whatever it holds', () => {
    assert(
      property(anything(), (value) => {
        const plainJson = JSON.stringify({ value })
        const line = jsonLine({ value })
        expect(line).not.toMatch(unsafe)
        expect(JSON.parse(line)).toEqual(JSON.parse(plainJson))
      }),
    )
  })
})
