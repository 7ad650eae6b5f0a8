import { describe, expect, it } from 'vitest'
import { configMap } from '../../test/events.ts'
import { createObjectStore, type Change } from './object-store.ts'

const brief = (changes: Change<ReturnType<typeof configMap>>[] | 'stale') =>
  changes === 'stale'
    ? changes
    : changes.map(({ uid, alive, object }) => `${alive ? '+' : '-'}${uid}@${object.metadata?.resourceVersion}`)

function storeWith(...items: ReturnType<typeof configMap>[]) {
  const store = createObjectStore<ReturnType<typeof configMap>>()
  store.replace(items, '10')
  return store
}

describe('the store', () => {
  it('reports the objects of a first list', () => {
    const store = createObjectStore()
    expect(brief(store.replace([configMap('a', 1), configMap('b', 2)], '10'))).toEqual(['+uid-a@1', '+uid-b@2'])
  })

  it('reports only the difference of a second list', () => {
    const store = storeWith(configMap('a', 1), configMap('b', 2), configMap('c', 3))
    expect(brief(store.replace([configMap('a', 1), configMap('b', 12), configMap('d', 13)], '20'))).toEqual([
      '-uid-c@3',
      '+uid-b@12',
      '+uid-d@13',
    ])
  })

  it('ignores an event that came twice and one that is older than what is known', () => {
    const store = storeWith(configMap('a', 5))
    expect(store.apply(configMap('a', 5), true)).toEqual([])
    expect(store.apply(configMap('a', 4), true)).toEqual([])
    expect(store.apply(configMap('a', 4), false)).toEqual([])
    expect(brief(store.apply(configMap('a', 11), true))).toEqual(['+uid-a@11'])
  })

  it('does not bring back deleted objects', () => {
    const store = storeWith(configMap('a', 5))
    expect(brief(store.apply(configMap('a', 11), false))).toEqual(['-uid-a@11'])
    expect(store.apply(configMap('a', 9), true)).toEqual([])
    expect(store.apply(configMap('a', 11), false)).toEqual([])
    expect(store.objects.size).toBe(0)
  })

  it('accepts an object that left the selector and returned', () => {
    const store = storeWith(configMap('a', 5))
    store.apply(configMap('a', 11), false)
    expect(brief(store.apply(configMap('a', 12), true))).toEqual(['+uid-a@12'])
  })

  it('reports the missed deletion of an object whose name has a new uid', () => {
    const store = storeWith(configMap('a', 5, 'old'))
    expect(brief(store.apply(configMap('a', 12, 'new'), true))).toEqual(['-old@5', '+new@12'])
  })

  it('ignores late events of an object whose name has been taken', () => {
    const store = storeWith(configMap('a', 5, 'old'))
    store.apply(configMap('a', 12, 'new'), true)
    expect(store.apply(configMap('a', 8, 'older'), true)).toEqual([])
    expect(store.apply(configMap('a', 11, 'old'), false)).toEqual([])
    expect([...store.objects.keys()]).toEqual(['new'])
  })

  it('rejects a list that is older than its state, unless forced', () => {
    const store = storeWith(configMap('a', 5))
    store.apply(configMap('b', 30), true)
    expect(store.replace([configMap('a', 5)], '20')).toBe('stale')
    expect(brief(store.replace([configMap('a', 4)], '20', { force: true }))).toEqual(['-uid-b@30', '+uid-a@4'])
  })

  it('continues from the older versions after a forced list', () => {
    const store = storeWith(configMap('a', 5))
    store.replace([configMap('a', 2)], '3', { force: true })
    expect(brief(store.apply(configMap('a', 4), true))).toEqual(['+uid-a@4'])
    expect(brief(store.replace([], '6'))).toEqual(['-uid-a@4'])
  })

  it('remembers a bounded number of deletions', () => {
    const store = createObjectStore()
    for (let index = 1; index <= 1_001; index += 1) {
      store.apply(configMap(`n${index}`, index * 2), true)
      store.apply(configMap(`n${index}`, index * 2 + 1), false)
    }
    expect(store.apply(configMap('n1', 2), true)).toHaveLength(1)
    expect(store.apply(configMap('n2', 4), true)).toHaveLength(0)
  })

  it('accepts versions that are not numbers', () => {
    const store = createObjectStore()
    expect(store.replace([configMap('a', 'x1')], 'x1')).toHaveLength(1)
    expect(store.apply(configMap('a', 'x0'), true)).toHaveLength(1)
    expect(store.apply(configMap('a', 'x9'), false)).toHaveLength(1)
  })

  it('distinguishes objects of one name in two namespaces, also without a uid', () => {
    const of = (namespace: string, name: string) => ({ metadata: { namespace, name, resourceVersion: '5' } })
    const clusterWide = { metadata: { name: 'a', resourceVersion: '5' } }
    const store = createObjectStore()
    expect(store.replace([of('x', 'a'), of('y', 'a'), of('x', 'b'), clusterWide], '9')).toHaveLength(4)
    expect([...store.objects.keys()]).toEqual(['x/a', 'y/a', 'x/b', '/a'])
    expect(store.apply({}, true)).toHaveLength(1)
    expect([...store.objects.keys()].at(-1)).toBe('/')
  })

  it('keeps the holder of a name when an earlier holder is deleted late', () => {
    const store = storeWith(configMap('a', 5, 'old'), configMap('b', 6, 'other'))
    store.apply(configMap('a', 12, 'new'), true)
    store.apply(configMap('b', 13, 'other'), false)
    // The name b is free again: its next holder replaces no object.
    expect(brief(store.apply(configMap('b', 14, 'next'), true))).toEqual(['+next@14'])
    expect(brief(store.apply(configMap('a', 15, 'newer'), true))).toEqual(['-new@12', '+newer@15'])
  })

  it('accepts a list of the same version as the newest event', () => {
    const store = storeWith(configMap('a', 5))
    store.apply(configMap('b', 30), true)
    expect(brief(store.replace([configMap('a', 5), configMap('b', 30)], '30'))).toEqual([])
    expect(store.replace([], '29')).toBe('stale')
  })

  it('remembers the version of an empty list', () => {
    const store = createObjectStore()
    store.replace([], '40')
    expect(store.replace([configMap('a', 5)], '39')).toBe('stale')
  })

  it('is not misled by an event without a version', () => {
    const store = storeWith(configMap('a', 5))
    store.apply({ metadata: { name: 'b', namespace: 'ns', uid: 'uid-b' } }, true)
    expect(store.replace([], '9')).toBe('stale')
  })

  it('does not put an older state of a list over a newer event', () => {
    const store = storeWith(configMap('a', 5))
    store.apply(configMap('a', 11), true)
    expect(brief(store.replace([configMap('a', 10)], '12'))).toEqual([])
    expect(store.objects.get('uid-a')?.metadata?.resourceVersion).toBe('11')
  })

  it('forgets deletions with a forced list: objects restored by etcd are live', () => {
    const store = storeWith(configMap('a', 5))
    store.apply(configMap('a', 11), false)
    store.replace([], '3', { force: true })
    expect(brief(store.apply(configMap('a', 4), true))).toEqual(['+uid-a@4'])
  })

  it('reports an object without a version with each list', () => {
    const bare = { metadata: { name: 'a', namespace: 'ns', uid: 'uid-a' } }
    const store = createObjectStore()
    store.replace([bare], '5')
    expect(store.replace([bare], '6')).toHaveLength(1)
  })
})
