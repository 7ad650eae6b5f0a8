import { describe, expect, it } from 'vitest'
import { readList, readMap, readRecord } from './loose-text.ts'

describe('pairs', () => {
  it.each([
    ['an object', { a: 'b', n: 1, t: true, e: null }, { a: 'b', n: '1', t: 'true', e: '' }],
    ['JSON', '{"a":"b"}', { a: 'b' }],
    ['YAML', 'disk: ssd\nzone: "1"', { disk: 'ssd', zone: '1' }],
    ['flow YAML', '{disk: ssd}', { disk: 'ssd' }],
    ['lines', '# nodes\n\nkubernetes.io/arch=amd64\n  disk = a=b \n', { 'kubernetes.io/arch': 'amd64', disk: 'a=b' }],
    ['an empty object', '{}', {}],
    ['Windows lines', 'a=1\r\nb=2\r\n', { a: '1', b: '2' }],
  ])('are read from %s', (_what, value, expected) => {
    expect(readMap(value)).toEqual({ ok: true, value: expected })
  })

  it.each([
    ['prose', 'just words', /expected key=value lines, JSON or YAML with pairs, got a string/],
    ['a list', '[1, 2]', /got a list/],
    ['broken JSON', '{"a":', /neither key=value lines nor JSON nor YAML/],
    ['a nested object', { a: { b: 'c' } }, /the value of "a" is not a text/],
    ['a number', 7, /got a number/],
    ['an alias bomb', 'a: &a [x]\nb: *a', /alias/i],
  ])('are refused from %s', (_what, value, message) => {
    const read = readMap(value)
    expect(read.ok ? '' : read.error).toMatch(message)
  })
})

describe('lists', () => {
  it.each([
    ['an array', ['--a', 1], ['--a', '1']],
    ['JSON', '["--a", "b c"]', ['--a', 'b c']],
    ['lines', '--a\n# no\nb c\n', ['--a', 'b c']],
    ['YAML lines', '- x\n- y', ['x', 'y']],
    ['commas', 'FOO, BAR_*', ['FOO', 'BAR_*']],
    ['one text', '--flag', ['--flag']],
  ])('are read from %s', (_what, value, expected) => {
    expect(readList(value)).toEqual({ ok: true, value: expected })
  })

  it('refuse what is not text', () => {
    expect(readList([{}])).toEqual({ ok: false, error: 'the list holds an object, expected texts' })
    expect(readList('[')).toMatchObject({ ok: false })
    expect(readList(3)).toEqual({ ok: false, error: 'expected a list, got a number' })
  })
})

describe('objects', () => {
  it('are read from JSON and YAML', () => {
    expect(readRecord('{"a":{"b":1}}')).toEqual({ ok: true, value: { a: { b: 1 } } })
    expect(readRecord('a:\n  b: 1')).toEqual({ ok: true, value: { a: { b: 1 } } })
  })

  it('are refused without showing the value', () => {
    const read = readRecord('sk-ant-secret')
    expect(read).toEqual({ ok: false, error: 'expected an object (JSON or YAML), got a string' })
  })
})
