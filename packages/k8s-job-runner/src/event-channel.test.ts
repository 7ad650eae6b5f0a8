import { describe, expect, it } from 'vitest'
import { createEventChannel } from './event-channel.ts'

const never = new AbortController().signal
const channelOf = (limit: number) => createEventChannel<string>(limit, (count) => `${count} dropped`)

async function take(items: AsyncIterable<string>, count = Infinity): Promise<string[]> {
  const taken: string[] = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length >= count) break
  }
  return taken
}

describe('an event channel', () => {
  it('hands items over in order and ends after the last one', async () => {
    const channel = channelOf(10)
    channel.push('a')
    await channel.send('b', never)
    channel.close()
    expect(await take(channel)).toEqual(['a', 'b'])
  })

  it('makes a writer wait for a reader that is behind', async () => {
    const channel = channelOf(2)
    const items = channel[Symbol.asyncIterator]()
    const first = items.next()
    await channel.send('a', never)
    expect((await first).value).toBe('a')
    await channel.send('b', never)
    await channel.send('c', never)
    const waiting = channel.send('d', never)
    const soon = new Promise((resolve) => setImmediate(resolve, 'still waiting'))
    expect(await Promise.race([waiting, soon])).toBe('still waiting')
    expect((await items.next()).value).toBe('b')
    await waiting
    channel.close()
    expect(await take({ [Symbol.asyncIterator]: () => items })).toEqual(['c', 'd'])
  })

  it('keeps the newest and counts the rest without a reader', async () => {
    const channel = channelOf(3)
    for (const item of ['a', 'b', 'c', 'd', 'e']) await channel.send(item, never)
    channel.close()
    expect(await take(channel)).toEqual(['2 dropped', 'c', 'd', 'e'])
  })

  it('makes no writer wait after its reader has left', async () => {
    const channel = channelOf(1)
    channel.push('a')
    expect(await take(channel, 1)).toEqual(['a'])
    await channel.send('b', never)
    await channel.send('c', never)
  })

  it('frees a waiting writer when its signal fires or the channel closes', async () => {
    const channel = channelOf(1)
    const items = channel[Symbol.asyncIterator]()
    const first = items.next()
    channel.push('a')
    await first
    channel.push('b')
    const stop = new AbortController()
    const aborted = channel.send('c', stop.signal)
    stop.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    const closed = channel.send('d', never)
    channel.close()
    await closed
  })

  it('can be read only once', () => {
    const channel = channelOf(1)
    channel[Symbol.asyncIterator]()
    expect(() => channel[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'events_taken' }))
  })
})
