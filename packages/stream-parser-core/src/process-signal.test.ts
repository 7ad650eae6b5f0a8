import { describe, expect, it } from 'vitest'
import type { ProcessEnd } from './process-end.ts'
import { endSignal, isStopSignal } from './process-signal.ts'

describe('the signal that ended a process', () => {
  it.each<[ProcessEnd, string | null]>([
    [{}, null],
    [{ exitCode: 0 }, null],
    [{ exitCode: null, signal: null }, null],
    [{ exitCode: 1 }, null],
    [{ signal: 'SIGTERM' }, 'SIGTERM'],
    [{ exitCode: 143 }, 'SIGTERM'],
    [{ exitCode: 137 }, 'SIGKILL'],
    [{ exitCode: 139, signal: 'SIGABRT' }, 'SIGABRT'],
    [{ exitCode: 255 }, null],
  ])('of %o is %s', (end, signal) => expect(endSignal(end)).toBe(signal))

  it('was sent by someone, or raised by a crash', () => {
    expect(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT'].every(isStopSignal)).toBe(true)
    expect(['SIGSEGV', 'SIGABRT', 'SIGBUS'].some(isStopSignal)).toBe(false)
  })
})
