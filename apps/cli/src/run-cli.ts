import { CommanderError } from 'commander'
import { CliError } from './cli-error.ts'
import { createProgram } from './program.ts'
import { createStyle } from './output/style.ts'
import type { Terminal } from './output/terminal.ts'

/** Runs one command line to its end and gives the exit code: 0 success, 1 failure, 2 wrong usage. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const ended = { code: 0 }
  const program = createProgram(terminal, (code) => (ended.code = code))
  try {
    await program.parseAsync(args, { from: 'user' })
    return ended.code
  } catch (error) {
    // Commander has printed its own message; help and version come as "errors" with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    terminal.err(`${createStyle(terminal.colours.err).red('error')}: ${explain(error)}\n`)
    return CliError.isInstance(error) ? error.exitCode : 1
  }
}

/** One sentence for what a person can act on, a stack for what is a bug. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const known = 'code' in error && typeof error.code === 'string'
  return known ? error.message : (error.stack ?? error.message)
}
