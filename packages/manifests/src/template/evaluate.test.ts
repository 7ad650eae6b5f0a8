import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import {
  all,
  any,
  data,
  each,
  equal,
  fallback,
  item,
  join,
  json,
  not,
  releaseNamespace,
  text,
  value,
  when,
  withMember,
  type Template,
} from './template.ts'

const values = {
  name: 'a',
  empty: '',
  zero: 0,
  no: false,
  none: [],
  nothing: {},
  texts: ['x', 'y'],
  list: [{ n: 1 }, { n: 2 }],
  deep: { b: true },
}
const read = (template: Template) => evaluate(template, { values, namespace: 'here' })

describe('evaluate', () => {
  it.each<[string, Template, unknown]>([
    ['a value', value('name'), 'a'],
    ['a nested value', value('deep.b'), true],
    ['null for a value that is missing', value('deep.c.d'), null],
    ['the namespace of the release', releaseNamespace, 'here'],
    ['a text with values in it', text`http://${value('name')}.${releaseNamespace}:${value('zero')}`, 'http://a.here:0'],
    ['the first of two values', fallback(value('name'), releaseNamespace), 'a'],
    ['the second value where the first is empty', fallback(value('empty'), releaseNamespace), 'here'],
    ['JSON with sorted names', json(value('deep')), '{"b":true}'],
    ['the texts of a list with commas', join(value('texts')), 'x,y'],
    ['plain data with values in it', data([{ a: value('name'), n: 1 }]), [{ a: 'a', n: 1 }]],
    [
      'a member where its condition holds',
      withMember(value('deep'), 'c', value('name'), all(value('list'))),
      { b: true, c: 'a' },
    ],
    [
      'no member where its condition fails',
      withMember(value('deep'), 'c', value('name'), all(value('no'))),
      { b: true },
    ],
    ['an object with a member named kind', { kind: 'Role', when: 'x' }, { kind: 'Role', when: 'x' }],
  ])('reads %s', (_what, template, expected) => {
    expect(read(template)).toEqual(expected)
  })

  it.each(['empty', 'zero', 'no', 'none', 'nothing', 'missing'])('counts %s as false, as Helm does', (path) => {
    expect(read({ kept: 1, left: when(value(path), 2) })).toEqual({ kept: 1 })
    expect(read({ kept: 1, left: when(not(value(path)), 2) })).toEqual({ kept: 1, left: 2 })
  })

  it('leaves out members and elements whose condition fails', () => {
    const both = all(value('name'), value('no'))
    const either = any(value('no'), equal(value('name'), 'a'))
    expect(read({ a: when(both, 1), b: when(either, 2) })).toEqual({ b: 2 })
    expect(read([when(both, 1), when(either, 2), when(equal(value('name'), value('empty')), 3)])).toEqual([2])
  })

  it('repeats an element for each item', () => {
    expect(
      read(['first', each(value('list'), { n: item('n'), of: value('name') }), each(value('none'), item())]),
    ).toEqual(['first', { n: 1, of: 'a' }, { n: 2, of: 'a' }])
  })

  it('renders nothing for an object whose condition fails', () => {
    expect(read(when(value('no'), { kind: 'Role' }))).toBeNull()
  })

  it('refuses a repetition outside a list', () => {
    expect(() => read({ a: each(value('list'), item()) })).toThrow('Expected `each` inside a list')
  })
})
