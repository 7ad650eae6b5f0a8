import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createStopControl, exitCodeOf } from './stop-control.ts'

const started: ChildProcess[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** A process in its own group that reports when it is up. */
async function command(script: string): Promise<{ pid: number; exit: Promise<unknown[]> }> {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  started.push(child)
  const exit = once(child, 'exit')
  await once(child.stdout, 'data')
  return { pid: child.pid ?? 0, exit }
}
const deaf = 'trap "" TERM; echo up; while :; do sleep 60; done'

function control() {
  const notices: string[] = []
  return { notices, stops: createStopControl((code) => notices.push(code)) }
}

describe('the control that ends a command', () => {
  it('keeps the first cause when a limit is reached during the grace', async () => {
    const { stops, notices } = control()
    const { pid, exit } = await command(deaf)
    stops.graceMs = 100
    stops.started(pid)
    stops.stop('signal', 'SIGTERM received')
    stops.stop('total_limit', 'too long')
    expect(await exit).toEqual([null, 'SIGKILL'])
    expect([stops.cause, notices]).toEqual(['signal', ['signal', 'killed']])
  })

  it('ends a command that was started after the signal', async () => {
    const { stops, notices } = control()
    stops.stop('signal', 'SIGTERM received')
    const { pid, exit } = await command('echo up; exec sleep 60')
    stops.started(pid)
    expect(await exit).toEqual([null, 'SIGTERM'])
    expect([stops.cause, notices]).toEqual(['signal', []])
  })

  it('kills nothing more when the command has ended in its grace', async () => {
    vi.useFakeTimers()
    const { stops, notices } = control()
    stops.stop('idle_limit', 'silent')
    stops.ended()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([stops.gaveUp.state.kind, notices]).toEqual(['waiting', []])
  })

  it.each([
    ['after the end', false, 500, 500],
    ['before the end', true, 500, 1000],
    ['before the end, with a long grace', true, 3000, 3000],
  ])('gives up on the last output a while after a signal %s', async (_, isBefore, graceMs, waitMs) => {
    vi.useFakeTimers()
    const { stops } = control()
    stops.graceMs = graceMs
    const signal = (): void => stops.stop('signal', 'SIGTERM received')
    if (isBefore) signal()
    stops.ended()
    if (!isBefore) signal()
    await vi.advanceTimersByTimeAsync(waitMs - 1)
    expect(stops.gaveUp.state.kind).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(stops.gaveUp.state.kind).toBe('open')
  })

  it('does not take a signal after the end for its cause', () => {
    const { stops } = control()
    stops.ended()
    stops.stop('signal', 'SIGTERM received')
    expect(stops.cause).toBeNull()
  })
})

describe('the exit code', () => {
  it('is that of a shell', () => {
    expect(exitCodeOf({ code: 3, signal: null })).toBe(3)
    expect(exitCodeOf({ code: null, signal: 'SIGKILL' })).toBe(137)
  })
})
