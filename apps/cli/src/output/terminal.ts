import { ownText } from './safe-text.ts'

/** What a command may touch of the process that runs it. */
export interface Terminal {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to standard output; terminal control characters are removed, except our own colours. */
  out(text: string): void
  /** The same to standard error. */
  err(text: string): void
  /** Writes a text unchanged: for output that is not for a terminal, and for our own sequences. */
  readonly raw: { out(text: string): void; err(text: string): void }
  readonly isTTY: { readonly out: boolean; readonly err: boolean }
  /** Width of standard output; undefined where it is not a terminal. */
  columns(): number | undefined
  /** Aborted when the reader of standard output has closed it, as `| head` does. */
  readonly outClosed: AbortSignal
  /** Whether a stream is a terminal that shows colours. */
  readonly colours: { readonly out: boolean; readonly err: boolean }
  /** Calls the listener on each SIGINT and SIGTERM until it is removed. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}

/** The terminal of a real process. */
export function processTerminal(process: NodeJS.Process): Terminal {
  const writer = (stream: NodeJS.WriteStream, closed: AbortController): ((text: string) => void) => {
    // A closed pipe (`| head`) does not fail the run: further output is dropped.
    stream.on('error', () => closed.abort())
    return (text) => {
      if (!closed.signal.aborted) stream.write(text)
    }
  }
  const [outClosed, errClosed] = [new AbortController(), new AbortController()]
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  // no-color.org: only a value that is not empty counts. FORCE_COLOR is for CI, which shows colours without a terminal.
  const wanted = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0'
  const coloured = (stream: NodeJS.WriteStream): boolean => !NO_COLOR && (wanted || (stream.isTTY && TERM !== 'dumb'))
  const raw = { out: writer(process.stdout, outClosed), err: writer(process.stderr, errClosed) }
  return {
    stdin: process.stdin,
    env: process.env,
    out: (text) => raw.out(ownText(text)),
    err: (text) => raw.err(ownText(text)),
    raw,
    isTTY: { out: process.stdout.isTTY ?? false, err: process.stderr.isTTY ?? false },
    columns: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
    outClosed: outClosed.signal,
    colours: { out: coloured(process.stdout), err: coloured(process.stderr) },
    onSignal: (listener) => {
      const signals = ['SIGINT', 'SIGTERM'] as const
      for (const signal of signals) process.on(signal, listener)
      return () => {
        for (const signal of signals) process.off(signal, listener)
      }
    },
  }
}
