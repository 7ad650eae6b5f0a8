import type { Terminal } from './terminal.ts'

// Shorter values would hide half of every text, and credentials are longer.
const shortest = 12
const secretName = /key|token|secret|passw|credential|auth|cookie|private|dsn/i
const mark = '[redacted]'

/** A terminal that never shows variables whose names mark them as credentials, plain or in the forms programs print. */
export function redactedTerminal(terminal: Terminal, variables: Readonly<Record<string, string>>): Terminal {
  const secrets = Object.entries(variables).flatMap(([name, value]) => (secretName.test(name) ? [value] : []))
  const forms = [...new Set(secrets.flatMap(formsOf))].filter((form) => form.length >= shortest)
  if (forms.length === 0) return terminal
  // Longest first, so that a value that contains another is hidden as a whole.
  forms.sort((a, b) => b.length - a.length)
  const redact = (text: string): string => forms.reduce((safe, form) => safe.replaceAll(form, mark), text)
  return {
    ...terminal,
    out: (text) => terminal.out(redact(text)),
    err: (text) => terminal.err(redact(text)),
  }
}

/** The forms in which a value may appear in a text: plain, in JSON, in a URL, in base64 at any of its three offsets. */
function formsOf(secret: string): string[] {
  if (secret.length < shortest) return []
  const inJson = JSON.stringify(secret).slice(1, -1)
  const lines = secret.split(/\r?\n/).filter((line) => !line.startsWith('-----'))
  return [
    secret,
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    encodeURIComponent(secret),
    ...(lines.length > 1 ? lines : []),
    ...[0, 1, 2].map((offset) => base64Core(secret, offset)),
  ]
}

/** The part of a value's base64 that does not depend on its neighbours, when it begins `offset` bytes into a group. */
function base64Core(secret: string, offset: number): string {
  const bytes = Buffer.from(secret)
  const skip = (3 - offset) % 3
  const whole = Math.floor((bytes.length - skip) / 3) * 3
  return bytes.subarray(skip, skip + whole).toString('base64')
}
