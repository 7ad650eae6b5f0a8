import { describe, expect, it } from 'vitest'
import { createWriteQueue } from './write-queue.ts'

describe('the write queue', () => {
  it('writes in order and joins queued buffers', async () => {
    const written: string[] = []
    const queue = createWriteQueue(
      async (bytes) => void written.push(bytes.toString()),
      (error) => expect.unreachable(String(error)),
    )
    for (const text of ['a', 'b', 'c']) queue.push(Buffer.from(text))
    expect(queue.pending).toBe(3)
    await queue.settled()
    expect(written).toEqual(['a', 'bc'])
    expect(queue.pending).toBe(0)
  })

  it('has one write in progress at a time', async () => {
    let running = 0
    const queue = createWriteQueue(
      async () => {
        running += 1
        expect(running).toBe(1)
        await Promise.resolve()
        running -= 1
      },
      (error) => expect.unreachable(String(error)),
    )
    for (let n = 0; n < 5; n += 1) {
      queue.push(Buffer.from('x'))
      await Promise.resolve()
    }
    await queue.settled()
  })

  it('reports the first error once and drops the rest', async () => {
    const errors: unknown[] = []
    const queue = createWriteQueue(
      () => Promise.reject(new Error('gone')),
      (error) => errors.push(error),
    )
    queue.push(Buffer.from('a'))
    queue.push(Buffer.from('b'))
    await queue.settled()
    queue.push(Buffer.from('c'))
    await queue.settled()
    expect(errors).toEqual([new Error('gone')])
    expect(queue.pending).toBe(0)
  })
})
