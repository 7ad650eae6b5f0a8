import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { processTerminal } from './terminal.ts'

interface FakeProcess {
  process: NodeJS.Process
  signals: EventEmitter
  stdout: Writable
  written: string[]
}
function fakeProcess(env: Record<string, string>, isTTY: boolean): FakeProcess {
  const written: string[] = []
  const stream = (): Writable =>
    Object.assign(
      new Writable({
        write: (chunk, _encoding, done) => {
          written.push(String(chunk))
          done()
        },
      }),
      { isTTY },
    )
  const stdout = stream()
  const signals = new EventEmitter()
  // Only the members that the terminal uses; a real process cannot be given a closed stdout.
  const process = Object.assign(signals, { env, stdin: [], stdout, stderr: stream() }) as unknown as NodeJS.Process
  return { process, signals, stdout, written }
}

describe('processTerminal', () => {
  it('shows colours only on a terminal that supports them', () => {
    expect(processTerminal(fakeProcess({}, true).process).colours).toEqual({ out: true, err: true })
    expect(processTerminal(fakeProcess({}, false).process).colours.out).toBeFalsy()
    expect(processTerminal(fakeProcess({ NO_COLOR: '1' }, true).process).colours.out).toBe(false)
    expect(processTerminal(fakeProcess({ NO_COLOR: '' }, true).process).colours.out).toBe(true)
    expect(processTerminal(fakeProcess({ FORCE_COLOR: '1' }, false).process).colours.out).toBe(true)
    expect(processTerminal(fakeProcess({ FORCE_COLOR: '0' }, false).process).colours.out).toBeFalsy()
    expect(processTerminal(fakeProcess({ FORCE_COLOR: '1', NO_COLOR: '1' }, false).process).colours.out).toBe(false)
    expect(processTerminal(fakeProcess({ TERM: 'dumb' }, true).process).colours.out).toBe(false)
  })

  it('continues when the reader of its output closed the pipe', () => {
    const { process, stdout, written } = fakeProcess({}, false)
    const terminal = processTerminal(process)
    terminal.out('one')
    expect(terminal.outClosed.aborted).toBe(false)
    stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    terminal.out('two')
    expect(written).toEqual(['one'])
    expect(terminal.outClosed.aborted).toBe(true)
  })

  it('passes signals on until told to stop', () => {
    const { process, signals } = fakeProcess({}, false)
    const seen: string[] = []
    const stop = processTerminal(process).onSignal((signal) => seen.push(signal))
    signals.emit('SIGINT', 'SIGINT')
    signals.emit('SIGTERM', 'SIGTERM')
    stop()
    expect(signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM')).toBe(0)
    expect(seen).toEqual(['SIGINT', 'SIGTERM'])
  })
})
