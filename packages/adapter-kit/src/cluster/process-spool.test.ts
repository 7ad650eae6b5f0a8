import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processSpool } from './process-spool.ts'

const key = Symbol.for('agent-jobs.spool.1')
let kept: unknown
beforeEach(() => {
  kept = Reflect.get(globalThis, key)
  Reflect.deleteProperty(globalThis, key)
})
afterEach(() => {
  Reflect.set(globalThis, key, kept)
})

const silent = (): void => undefined

describe('the spool of a server process', () => {
  it('has one budget for all its adapters, also after a reload', () => {
    const [first, second] = [processSpool({ env: {}, onWarning: silent }), processSpool({ env: {}, onWarning: silent })]
    expect(first.budget).toBe(second.budget)
    first.budget?.use(4 * 1024 ** 3 - 1)
    expect(second.budget?.hasRoom).toBe(true)
    first.budget?.use(1)
    expect(second.budget?.hasRoom).toBe(false)
  })

  it('takes size and folder from the environment of the server', () => {
    const env = { AGENT_JOBS_SPOOL_BYTES: ' 1000 ', AGENT_JOBS_SPOOL_DIRECTORY: '/var/spool/agents' }
    const { budget, directory } = processSpool({ env, onWarning: silent })
    expect(directory).toBe('/var/spool/agents')
    budget?.use(1000)
    expect(budget?.hasRoom).toBe(false)
  })

  it.each(['-1', 'much', '1.5'])('says that %s is not a number of bytes, and keeps its default', (text) => {
    const said: string[] = []
    const { budget } = processSpool({
      env: { AGENT_JOBS_SPOOL_BYTES: text },
      onWarning: (message) => said.push(message),
    })
    expect(said).toEqual([expect.stringContaining(`AGENT_JOBS_SPOOL_BYTES is "${text}", not a number of bytes`)])
    budget?.use(1024 ** 3)
    expect(budget?.hasRoom).toBe(true)
  })
})
