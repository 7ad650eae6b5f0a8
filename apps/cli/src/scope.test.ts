import { describe, expect, it } from 'vitest'
import { createScope } from './scope.ts'

describe('createScope', () => {
  it('undoes in reverse order, one after the other', async () => {
    const seen: string[] = []
    {
      await using scope = createScope()
      scope.defer(() => seen.push('first'))
      scope.defer(async () => {
        await Promise.resolve()
        seen.push('second')
      })
      seen.push('work')
    }
    expect(seen).toEqual(['work', 'second', 'first'])
  })

  it('continues after a failure and reports it', async () => {
    const seen: string[] = []
    const scope = createScope()
    scope.defer(() => seen.push('first'))
    scope.defer(() => Promise.reject(new Error('second')))
    await expect(scope[Symbol.asyncDispose]()).rejects.toThrow('second')
    expect(seen).toEqual(['first'])
  })

  it('reports several failures together', async () => {
    const scope = createScope()
    scope.defer(() => Promise.reject(new Error('a')))
    scope.defer(() => Promise.reject(new Error('b')))
    await expect(scope[Symbol.asyncDispose]()).rejects.toThrow('2 steps of the clean-up failed')
  })

  it('undoes once', async () => {
    let times = 0
    const scope = createScope()
    scope.defer(() => (times += 1))
    await scope[Symbol.asyncDispose]()
    await scope[Symbol.asyncDispose]()
    expect(times).toBe(1)
  })
})
