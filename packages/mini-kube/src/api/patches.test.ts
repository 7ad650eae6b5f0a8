import { assert, dictionary, property, string, integer, oneof, constant } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject, KubeObject } from '../types.ts'
import { configMap } from '../kinds/core.ts'
import { pod } from '../kinds/pod.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch, applyStrategicPatch } from './merge-patch.ts'
import { fieldMatcher, labelMatcher } from './selectors.ts'
import { decodeProtobuf } from './protobuf.ts'

describe('a JSON patch', () => {
  const start = () => ({ a: { b: [1, 2, 3] }, 'x/y': 1 }) as JsonObject
  it.each([
    [[{ op: 'add', path: '/a/b/1', value: 9 }], { a: { b: [1, 9, 2, 3] }, 'x/y': 1 }],
    [[{ op: 'add', path: '/a/b/-', value: 9 }], { a: { b: [1, 2, 3, 9] }, 'x/y': 1 }],
    [[{ op: 'remove', path: '/a/b/0' }], { a: { b: [2, 3] }, 'x/y': 1 }],
    [[{ op: 'replace', path: '/x~1y', value: 2 }], { a: { b: [1, 2, 3] }, 'x/y': 2 }],
    [[{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: [1, 2, 3], 'x/y': 1 }],
    [[{ op: 'copy', from: '/a/b/2', path: '/c' }], { a: { b: [1, 2, 3] }, c: 3, 'x/y': 1 }],
  ])('%j', (patch, expected) => expect(applyJsonPatch(start(), patch)).toEqual(expected))

  it.each([
    [[{ op: 'test', path: '/a/b', value: [] }], 422],
    [[{ op: 'remove', path: '/nothing' }], 422],
    [[{ op: 'replace', path: '/a/b/7', value: 1 }], 422],
    [[{ op: 'add', path: '/n/m', value: 1 }], 422],
    [[{ op: 'hop', path: '/a' }], 422],
    [{ op: 'add' }, 400],
  ])('%j is refused with %i', (patch, code) =>
    expect(() => applyJsonPatch(start(), patch)).toThrow(expect.objectContaining({ code })),
  )

  it('treats __proto__ as a name like any other', () => {
    const patched = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { bad: true } }])
    expect(Object.keys(patched)).toEqual(['__proto__'])
    expect(({} as { bad?: boolean }).bad).toBeUndefined()
  })
})

describe('a merge patch', () => {
  it('of the difference between two maps turns one into the other', () => {
    const value = oneof(integer(), string(), constant(true))
    assert(
      property(dictionary(string(), value), dictionary(string(), value), (from, to) => {
        const patch: JsonObject = {}
        for (const key of Object.keys(from))
          if (!Object.hasOwn(to, key)) Object.defineProperty(patch, key, { value: null, enumerable: true })
        for (const [key, one] of Object.entries(to)) Object.defineProperty(patch, key, { value: one, enumerable: true })
        expect(Object.entries(applyMergePatch(from, patch) as JsonObject).sort()).toEqual(Object.entries(to).sort())
      }),
    )
  })

  it('replaces lists and removes nulls', () => {
    expect(applyMergePatch({ a: [1], b: { c: 1, d: 2 } }, { a: [2], b: { c: null } })).toEqual({ a: [2], b: { d: 2 } })
  })
})

describe('a strategic merge patch', () => {
  const start = {
    containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }] }, { name: 'b' }],
    finalizers: ['f'],
    args: ['1'],
  }
  it.each([
    [
      'merges containers by name',
      { containers: [{ name: 'a', image: '2' }] },
      { ...start, containers: [{ name: 'a', image: '2', env: [{ name: 'X', value: '1' }] }, { name: 'b' }] },
    ],
    [
      'deletes one by directive',
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { ...start, containers: [{ name: 'b' }] },
    ],
    [
      'replaces all by directive',
      { containers: [{ $patch: 'replace' }, { name: 'z' }] },
      { ...start, containers: [{ name: 'z' }] },
    ],
    ['merges finalizers as a set', { finalizers: ['g', 'f'] }, { ...start, finalizers: ['f', 'g'] }],
    ['takes from a primitive list', { '$deleteFromPrimitiveList/finalizers': ['f'] }, { ...start, finalizers: [] }],
    ['replaces plain lists', { args: ['2'] }, { ...start, args: ['2'] }],
    [
      'orders as $setElementOrder says',
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      { ...start, containers: start.containers.toReversed() },
    ],
    ['retains only some keys', { $retainKeys: ['args'], args: ['3'] }, { args: ['3'] }],
  ])('%s', (_, patch, expected) => expect(applyStrategicPatch(structuredClone(start), patch)).toEqual(expected))
})

describe('selectors', () => {
  const labelled = (labels: Record<string, string>) => ({ metadata: { labels } }) as unknown as KubeObject
  it.each([
    ['a=1', { a: '1' }, true],
    ['a==1,b!=2', { a: '1', b: '2' }, false],
    ['a in (1, 2)', { a: '2' }, true],
    ['a notin (1)', {}, true],
    ['!a', { b: '1' }, true],
    ['a', { b: '1' }, false],
    ['a>3', { a: '4' }, true],
  ])('%s on %j is %s', (selector, labels, expected) =>
    expect(labelMatcher(selector)?.(labelled(labels))).toBe(expected),
  )

  it('refuses what it cannot read', () => expect(() => labelMatcher('a in 1')).toThrow('unable to parse requirement'))
  it('refuses a field that the kind does not have', () =>
    expect(() => fieldMatcher(configMap, 'data.a=1')).toThrow('"data.a" is not a known field selector'))
  it('knows the fields of pods', () => {
    const matches = fieldMatcher(pod, 'status.phase!=Running,spec.nodeName=n')
    const running = {
      metadata: { name: 'p' },
      spec: { nodeName: 'n' },
      status: { phase: 'Running' },
    } as unknown as KubeObject
    expect(matches?.(running)).toBe(false)
  })
})

describe('protobuf', () => {
  it('is refused if it contains unknown fields, never partly read', () => {
    expect(() => decodeProtobuf(Buffer.from('k8s\0\u00ff'))).toThrow(expect.objectContaining({ code: 415 }))
    expect(() => decodeProtobuf(Buffer.from('nonsense'))).toThrow('does not begin with k8s')
  })
})
