import { describe, expect, it } from 'vitest'
import { createRunQueue } from './run-queue.ts'

describe('the queue for a lock', () => {
  it('starts the runs of one key in order of arrival, and notifies those behind when one leaves', () => {
    const queue = createRunQueue()
    const moves: string[] = []
    const [first, second, third] = ['a', 'b', 'c'].map((name) => queue.join('key', () => void moves.push(name)))
    const other = queue.join('another key', () => void moves.push('x'))
    expect([first, second, third, other].map((place) => place?.ahead)).toEqual([0, 1, 2, 0])
    second?.leave()
    second?.leave()
    expect([first, third].map((place) => place?.ahead)).toEqual([0, 1])
    first?.leave()
    expect(third?.ahead).toBe(0)
    expect(moves).toEqual(['c', 'c'])
  })

  it('starts again when everyone has left', () => {
    const queue = createRunQueue()
    queue.join('key', () => undefined).leave()
    expect(queue.join('key', () => undefined).ahead).toBe(0)
  })
})
