import { redactDiagnosticText } from '@paperclipai/adapter-utils'

// `--api-key VALUE`: the value is a separate argument, and nothing in it marks it as a secret.
const secretOption = /^--?[a-z0-9-]*(?:key|token|secret|password|passwd|credentials?)$/i

/** The command line for the record of a run, without the credentials that a user may have put into it. */
export function shownArguments(argv: readonly string[], redact: (text: string) => string): string[] {
  return argv.map((arg, index) =>
    secretOption.test(argv[index - 1] ?? '') ? '***' : redact(redactDiagnosticText(arg, '***')),
  )
}
