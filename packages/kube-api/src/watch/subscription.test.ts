import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSubscription, type ListWatchEvent } from './subscription.ts'

const alive = (uid: string, object: string) => ({ uid, alive: true, object })
const gone = (uid: string, object: string) => ({ uid, alive: false, object })
const brief = (event: ListWatchEvent<string>) =>
  `${event.type} ${event.type === 'synced' ? event.resourceVersion : event.object}`

function open() {
  let leaves = 0
  const subscription = createSubscription<string>(() => (leaves += 1))
  return { subscription, leaves: () => leaves }
}

async function drain(subscription: AsyncIterable<ListWatchEvent<string>>): Promise<string[]> {
  const events: string[] = []
  for await (const event of subscription) events.push(brief(event))
  return events
}

describe('a subscription', () => {
  it('hands out what is queued, then waits', async () => {
    const { subscription } = open()
    subscription.push([alive('a', 'a1')])
    subscription.synced('5')
    const third = subscription.next()
    subscription.push([alive('b', 'b1')])
    subscription.end()
    expect(await third).toEqual({ done: false, value: { type: 'added', object: 'a1' } })
    expect(await drain(subscription)).toEqual(['synced 5', 'added b1'])
  })

  it('keeps for a slow reader only the last state of each object', async () => {
    const { subscription } = open()
    for (let version = 1; version <= 1_000; version += 1) subscription.push([alive('a', `a${version}`)])
    subscription.synced('5')
    subscription.push([alive('b', 'b1'), gone('a', 'a-last')])
    subscription.end()
    expect(await drain(subscription)).toEqual(['deleted a-last', 'synced 5', 'added b1'])
  })

  it('reports modified only for objects it has reported before', async () => {
    const { subscription } = open()
    subscription.push([alive('a', 'a1')])
    expect(brief((await subscription.next()).value)).toBe('added a1')
    subscription.push([gone('a', 'a2'), alive('a', 'a3')])
    subscription.end()
    expect(await drain(subscription)).toEqual(['modified a3'])
  })

  it('moves synced after the objects it covers', async () => {
    const { subscription } = open()
    subscription.synced('5')
    subscription.push([alive('a', 'a1')])
    subscription.synced('6')
    subscription.end()
    expect(await drain(subscription)).toEqual(['added a1', 'synced 6'])
  })

  it('keeps at most 10,000 deletions of objects never reported, and all deletions of reported ones', async () => {
    const { subscription } = open()
    subscription.push([alive('known', 'known')])
    await subscription.next()
    subscription.push([gone('known', 'known')])
    for (let index = 0; index < 25_000; index += 1) subscription.push([gone(`x${index}`, `x${index}`)])
    subscription.end()
    const events = await drain(subscription)
    expect(events).toHaveLength(10_001)
    expect(events[0]).toBe('deleted known')
    expect(events.at(-1)).toBe('deleted x24999')
  })

  it('throws its error to every reader after what is queued', async () => {
    const { subscription, leaves } = open()
    subscription.push([alive('a', 'a1')])
    subscription.end(new Error('refused'))
    expect(brief((await subscription.next()).value)).toBe('added a1')
    await expect(subscription.next()).rejects.toThrow('refused')
    expect(leaves()).toBe(1)
  })

  it('frees a reader that waits when it is left, and leaves once', async () => {
    const { subscription, leaves } = open()
    const waiting = subscription.next()
    await subscription.return()
    await subscription.return()
    expect(await waiting).toEqual({ done: true, value: undefined })
    subscription.push([alive('a', 'a1')])
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
    expect(leaves()).toBe(1)
  })

  it('brings every reader to the same state, however slowly it reads', async () => {
    const change = fc.record({ uid: fc.constantFrom('a', 'b', 'c'), alive: fc.boolean(), read: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 60 }), async (changes) => {
        const { subscription } = open()
        const truth = new Map<string, string>()
        const seen = new Map<string, string>()
        const known = new Set<string>()
        function fold(event: ListWatchEvent<string>): void {
          if (event.type === 'synced') return
          const [uid = ''] = event.object
          expect(event.type === 'modified').toBe(event.type !== 'deleted' && known.has(uid))
          if (event.type === 'deleted') {
            known.delete(uid)
            seen.delete(uid)
          } else {
            known.add(uid)
            seen.set(uid, event.object)
          }
        }
        let queued = 0
        for (const [index, { uid, alive: lives, read }] of changes.entries()) {
          const object = `${uid}${index}`
          subscription.push([{ uid, alive: lives, object }])
          if (lives) truth.set(uid, object)
          else truth.delete(uid)
          queued += 1
          if (!read || queued === 0) continue
          const { value } = await subscription.next()
          fold(value)
          queued = 0
          // Whether more is queued cannot be seen from outside; the next push makes one read safe again.
        }
        subscription.end()
        for await (const event of subscription) fold(event)
        expect(seen).toEqual(truth)
      }),
    )
  })
})
