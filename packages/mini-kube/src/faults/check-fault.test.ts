import { describe, expect, it } from 'vitest'
import { checkFault, faultKinds } from './check-fault.ts'
import { apiFaultKinds, type Fault } from './fault.ts'

const refusal = (fault: unknown): string => {
  try {
    checkFault(fault as Fault)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

describe('an incomplete fault', () => {
  it.each([
    [{}, 'Expected `kind` to be a kind of fault, got `undefined`. There are: latency, error,'],
    [{ kind: 'zap' }, 'Expected `kind` to be a kind of fault, got `zap`.'],
    [{ kind: 'toString' }, 'Expected `kind` to be a kind of fault'],
    [
      { kind: 'latency', ms: 'x' },
      'Expected `ms` of the fault `latency` to be a number or a range as [2, 5], got `"x"`',
    ],
    [{ kind: 'error' }, 'Expected `status` of the fault `error` to be a number from 400 to 599, got `undefined`'],
    [
      { kind: 'cut', afterBytes: 5, how: 'slowly' },
      'Expected `how` of the fault `cut` to be reset, close, end or half-open',
    ],
    [{ kind: 'evict' }, 'Expected `pod` of the fault `evict` to be a text, got `undefined`'],
  ])('%j is refused by name', (fault, message) => expect(refusal(fault)).toContain(message))

  it.each([
    { kind: 'latency', ms: [2, 5] },
    { kind: 'error', status: 503 },
    { kind: 'cut', afterBytes: 0, how: 'reset' },
    { kind: 'node-lost' },
  ])('%j is not', (fault) => expect(refusal(fault)).toBe(''))

  it('knows every kind of fault between client and server', () => {
    expect([...apiFaultKinds].filter((kind) => !faultKinds.includes(kind))).toEqual([])
  })
})
