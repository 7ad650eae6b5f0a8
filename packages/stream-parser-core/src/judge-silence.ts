import type { AgentErrorCode } from './agent-error-code.ts'
import { errorLineOf } from './last-words.ts'
import type { ProcessEnd } from './process-end.ts'
import type { Observation, VerdictOn } from './verdict.ts'

/** What differs between the CLIs when they print not one event. */
export interface SilentCli {
  readonly name: string
  /** The options that make it print events. */
  readonly eventOptions: string
  /** What is said of a CLI that printed nothing and whose exit is not 0 or not known. */
  readonly nothing: string
  /** What the output says about a session that does not exist; null when it says nothing of the kind. */
  unknownSession(output: string): string | null
  /** The line of an output that says most, where the CLI has a form of its own for it. Null when no line says anything. */
  errorLine?(output: string): string | null
  /** The code of a failure to start, by the line that says most. */
  codeOfStartupLine(line: string): AgentErrorCode
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
  const outputs = [
    { source: 'stderr', text: end.stderr ?? '' },
    { source: 'stdout', text: stdoutText },
  ] as const
  for (const { source, text } of outputs) {
    const line = cli.unknownSession(text)
    if (line !== null) return fail('session_unavailable', line, { source, field: 'text', value: line })
  }
  const errorLine = cli.errorLine ?? errorLineOf
  const [fromStderr, fromStdout] = outputs.map(({ text }) => errorLine(text))
  // Without its event options a CLI prints the answer itself: a model's words, which tell nothing.
  if (end.exitCode === 0 && fromStdout != null) {
    const message = `${cli.name} printed text and no event. Start it with ${cli.eventOptions}.`
    return fail('start_failed', message, { source: 'stdout', field: 'text', value: fromStdout })
  }
  const line = fromStderr ?? fromStdout
  if (line == null) {
    return end.exitCode === 0
      ? fail('empty_response', `${cli.name} printed nothing and exited with 0.`)
      : fail('start_failed', cli.nothing)
  }
  const source = fromStderr == null ? 'stdout' : 'stderr'
  return fail(cli.codeOfStartupLine(line), line, { source, field: 'text', value: line })
}
