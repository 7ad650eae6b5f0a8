import { EventEmitter } from 'node:events'
import { ownText } from '../src/output/safe-text.ts'
import type { Terminal } from '../src/output/terminal.ts'

/** A terminal that remembers what was written, and lets a test press Ctrl-C. */
export interface FakeTerminal extends Terminal {
  stdout(): string
  stderr(): string
  press(signal: 'SIGINT' | 'SIGTERM'): void
  /** Resolves when the command listens to signals; before that, a signal would end the process. */
  readonly listening: Promise<void>
  /** Disconnects the reader of standard output. */
  closeOut(): void
  /** Resolves when a stream holds the text. */
  shown(text: string, stream?: 'out' | 'err'): Promise<void>
}

/** Creates one with this standard input and environment. */
export function fakeTerminal(
  options: {
    stdin?: readonly string[]
    env?: Record<string, string | undefined>
    colours?: boolean
    /** Width of the terminal; a pipe when absent. */
    columns?: number
  } = {},
): FakeTerminal {
  const written = { out: [] as string[], err: [] as string[] }
  const signals = new EventEmitter()
  const writes = new EventEmitter()
  async function* stdin(): AsyncGenerator<Uint8Array> {
    for (const chunk of options.stdin ?? []) yield new TextEncoder().encode(chunk)
  }
  const colour = options.colours ?? false
  const outClosed = new AbortController()
  const rawWriter = (stream: 'out' | 'err') => (text: string) => {
    written[stream].push(text)
    writes.emit('write')
  }
  const raw = { out: rawWriter('out'), err: rawWriter('err') }
  const listening = Promise.withResolvers<void>()
  return {
    stdin: stdin(),
    env: options.env ?? {},
    out: (text) => raw.out(ownText(text)),
    err: (text) => raw.err(ownText(text)),
    raw,
    isTTY: { out: options.columns !== undefined, err: options.columns !== undefined },
    columns: () => options.columns,
    colours: { out: colour, err: colour },
    outClosed: outClosed.signal,
    listening: listening.promise,
    onSignal: (listener) => {
      listening.resolve()
      signals.on('signal', listener)
      return () => signals.off('signal', listener)
    },
    stdout: () => written.out.join(''),
    stderr: () => written.err.join(''),
    press: (signal) => signals.emit('signal', signal),
    closeOut: () => outClosed.abort(),
    shown: (text, stream = 'err') =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!written[stream].join('').includes(text)) return
          writes.off('write', look)
          resolve()
        }
        writes.on('write', look)
        look()
      }),
  }
}
