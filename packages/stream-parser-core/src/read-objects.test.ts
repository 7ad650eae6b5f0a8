import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readObjects } from './read-objects.ts'

const a = { type: 'a', text: 'with "quotes", {braces} and \\' }
const b = { type: 'b', inner: { type: 'a', list: [{ x: 1 }] } }
const [one, two] = [JSON.stringify(a), JSON.stringify(b)]

describe('the objects of a line', () => {
  it.each([
    ['terminal codes before it', `\u001b]0;t\u0007\u001b[2J${one}`, [a], []],
    ['NULs before it', `\u0000\u0000\u0000${one}`, [a], []],
    ['words before it', `hook done ${one}`, [a], ['hook done']],
    ['a number before it', `42${one}`, [a], ['42']],
    ['a second one', `${one}${two}`, [a, b], []],
    ['a second one after a blank', `${one} \t${two}  `, [a, b], []],
    ['half of another before it', `${two.slice(0, 30)}${one}`, [a], [two.slice(0, 30)]],
    ['half of another after it', `${one}${two.slice(0, 30)}`, [a], [two.slice(0, 30)]],
    ['words behind it', `${one} [hook] done`, [a], ['[hook] done']],
    ['half of another before two', `${two.slice(0, 12)}${one}${two}`, [a, b], [two.slice(0, 12)]],
  ])('are found with %s', (_, line, objects, rest) => {
    expect(readObjects(line)).toEqual({ objects, rest })
  })

  it.each([
    ['has no object', 'no object {"', []],
    ['has words behind it as well', `said ${one} and more`, []],
    ['is a broken object with whole ones inside', `{"type":"x","inner":${one},"more`, []],
    ['is the end of an object', `"inner":${one}}`, []],
    ['is code', 'const x = { a: 1 }; {"b": c}', []],
  ])('are none when the line %s', (_, line, objects) => {
    expect(readObjects(line)).toEqual({ objects, rest: [line] })
  })

  it('are found behind half an object, wherever it broke off', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
    fc.assert(
      fc.property(object, object, fc.nat(), (half, whole, cut) => {
        const text = JSON.stringify(half)
        const line = `${text.slice(0, 1 + (cut % (text.length - 1)))}${JSON.stringify(whole)}`
        const { objects } = readObjects(line)
        expect(JSON.stringify(objects.at(-1))).toBe(JSON.stringify(whole))
      }),
      { numRuns: 500 },
    )
  })

  it('take time in proportion to the line, whatever it holds', () => {
    const deep = '{"a":'.repeat(200_000)
    const started = performance.now()
    expect(readObjects(deep).objects).toEqual([])
    expect(readObjects(`{"a":"${'\\'.repeat(300_000)}`).objects).toEqual([])
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
