import type { AgentErrorCode } from './agent-error-code.ts'
import type { ProcessEnd } from './process-end.ts'
import type { Observation, VerdictOn } from './verdict.ts'

/** What differs between the CLIs when they print not one event. */
export interface SilentCli {
  readonly name: string
  /** The options that make it print events. */
  readonly eventOptions: string
  /** What is said of a CLI that printed nothing and whose exit is not 0 or not known. */
  readonly nothing: string
  /** The words of an output that say most, null when there are none. */
  firstSaid(text: string): string | null
  codeOfStartupText(text: string): AgentErrorCode
}

/** Where it was seen that not one event came. */
export interface SilenceEvidence extends Observation {
  readonly source: 'stream' | 'stdout' | 'stderr' | 'exit_code'
}

/** Judges a run of which not one event was seen: only the CLI's own words, if any, tell why. A pure function. */
export function judgeSilence(cli: SilentCli, stdoutText: string, end: ProcessEnd): VerdictOn<SilenceEvidence> {
  const seen: SilenceEvidence[] = [
    { source: 'stream', field: 'events', value: 0 },
    ...(end.exitCode == null ? [] : [{ source: 'exit_code', field: 'exitCode', value: end.exitCode } as const]),
  ]
  const fail = (code: AgentErrorCode, message: string, ...said: SilenceEvidence[]): VerdictOn<SilenceEvidence> => ({
    code,
    message,
    evidence: [...seen, ...said],
  })
  const saw = (source: 'stdout' | 'stderr', value: string): SilenceEvidence => ({ source, field: 'text', value })
  const stderrText = end.stderr ?? ''
  const fromStderr = cli.firstSaid(stderrText)
  const fromStdout = cli.firstSaid(stdoutText)
  // Without its event options a CLI prints the answer itself: a model's words, which tell nothing.
  if (end.exitCode === 0 && fromStdout !== null) {
    const message = `${cli.name} printed text and no event. Start it with ${cli.eventOptions}.`
    return fail('start_failed', message, saw('stdout', fromStdout))
  }
  if (fromStderr !== null) return fail(cli.codeOfStartupText(stderrText), fromStderr, saw('stderr', fromStderr))
  if (fromStdout !== null) return fail(cli.codeOfStartupText(stdoutText), fromStdout, saw('stdout', fromStdout))
  return end.exitCode === 0
    ? fail('empty_response', `${cli.name} printed nothing and exited with 0.`)
    : fail('start_failed', cli.nothing)
}
