import { CommanderError } from 'commander'
import { CliError } from './errors/cli-error.ts'
import { errorReport, wantsJson, type ErrorReport } from './errors/error-report.ts'
import { jsonLine } from './output/safe-text.ts'
import { createStyle } from './output/style.ts'
import type { Terminal } from './output/terminal.ts'
import { createProgram } from './program.ts'

/** Runs one command line to its end and gives the exit code: 0 success, 1 failure, 2 wrong usage. */
export async function runCli(given: readonly string[], wanted: Terminal): Promise<number> {
  // Accepted anywhere before `--`; the arguments after it are the agent's.
  const end = given.includes('--') ? given.indexOf('--') : given.length
  const isPlain = given.slice(0, end).includes('--no-color')
  const args = given.filter((arg, at) => at >= end || arg !== '--no-color')
  const terminal = isPlain ? { ...wanted, colours: { out: false, err: false } } : wanted
  const ended = { code: 0 }
  const json = wantsJson(args)
  try {
    await createProgram(terminal, (code) => (ended.code = code)).parseAsync(args, { from: 'user' })
    return ended.code
  } catch (error) {
    // Commander has printed its own message; help and version come as "errors" with exit code 0.
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const report = errorReport(error)
    if (!(error instanceof CommanderError)) print(report, terminal, CliError.isInstance(error))
    if (json) terminal.out(jsonLine({ error: report }))
    return error instanceof CommanderError || CliError.isInstance(error) ? exitCodeOf(error) : 1
  }
}

function exitCodeOf(error: CommanderError | CliError): number {
  return error instanceof CommanderError ? 2 : error.exitCode
}

function print({ code, message, explanation }: ErrorReport, terminal: Terminal, isOurs: boolean): void {
  const style = createStyle(terminal.colours.err)
  terminal.err(`${style.red('error')}: ${message}\n`)
  // Errors of the command line name their own remedy; those of the libraries do not know its options.
  if (explanation !== undefined && !isOurs)
    terminal.err(`${style.dim(`→ ${explanation} More: agent-jobs explain ${code}`)}\n`)
}
