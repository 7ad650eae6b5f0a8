/** What a command may touch of the process that runs it. */
export interface Terminal {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to standard output. */
  out(text: string): void
  /** Writes to standard error. */
  err(text: string): void
  /** Aborted when the reader of standard output has gone away, as `| head` does. */
  readonly outClosed: AbortSignal
  /** Whether a stream is a terminal that shows colours. */
  readonly colours: { readonly out: boolean; readonly err: boolean }
  /** Calls the listener on each SIGINT and SIGTERM until it is taken away again. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}

/** The terminal of a real process. */
export function processTerminal(process: NodeJS.Process): Terminal {
  const writer = (stream: NodeJS.WriteStream, closed: AbortController): ((text: string) => void) => {
    // A reader that went away (`| head`) is no failure of the run: what it no longer reads is dropped.
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
  return {
    stdin: process.stdin,
    env: process.env,
    out: writer(process.stdout, outClosed),
    err: writer(process.stderr, errClosed),
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
