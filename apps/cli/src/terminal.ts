/** What a command may touch of the process that runs it. */
export interface Terminal {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to standard output. */
  out(text: string): void
  /** Writes to standard error. */
  err(text: string): void
  /** Whether a stream is a terminal that shows colours. */
  readonly colours: { readonly out: boolean; readonly err: boolean }
  /** Calls the listener on each SIGINT and SIGTERM until it is taken away again. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
}

/** The terminal of a real process. */
export function processTerminal(process: NodeJS.Process): Terminal {
  const writer = (stream: NodeJS.WriteStream): ((text: string) => void) => {
    let open = true
    // A reader that went away (`| head`) is no failure of the run: what it no longer reads is dropped.
    stream.on('error', () => (open = false))
    return (text) => {
      if (open) stream.write(text)
    }
  }
  const coloured = (stream: NodeJS.WriteStream): boolean =>
    stream.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb'
  return {
    stdin: process.stdin,
    env: process.env,
    out: writer(process.stdout),
    err: writer(process.stderr),
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
