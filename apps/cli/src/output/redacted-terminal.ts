import type { Terminal } from './terminal.ts'

/** Hides credentials in a text. */
export type Redact = (text: string) => string

/** A terminal that never shows the credentials that `redact` hides; only `raw` shows text as it is. */
export function redactedTerminal(terminal: Terminal, redact: Redact): Terminal {
  return {
    ...terminal,
    out: (text) => terminal.out(redact(text)),
    err: (text) => terminal.err(redact(text)),
  }
}
