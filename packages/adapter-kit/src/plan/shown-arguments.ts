import { redactDiagnosticText } from '@paperclipai/adapter-utils'

// `--api-key VALUE`: the value stands apart, where nothing in it says what it is.
const secretOption = /^--?[a-z0-9-]*(?:key|token|secret|password|passwd|credentials?)$/i

/** The command line for the record of a run, without the credentials that a user may have put into it. */
export function shownArguments(argv: readonly string[], redact: (text: string) => string): string[] {
  return argv.map((arg, index) =>
    secretOption.test(argv[index - 1] ?? '') ? '***' : redact(redactDiagnosticText(arg, '***')),
  )
}
