import { CliError } from '../errors/cli-error.ts'

/** Options that every agent has, under its own flag names. */
export interface AgentWishes {
  readonly resume?: string | undefined
  /** A JSON schema that the answer must match, as text. */
  readonly outputSchema?: string | undefined
}

/** The arguments of the agent's command line for these options. */
export function agentArguments(agent: string, { resume, outputSchema }: AgentWishes): string[] {
  if (outputSchema !== undefined && agent !== 'claude') {
    throw new CliError(
      'usage',
      `--output-schema needs an agent that keeps to schemas, and ${agent} does not. Use --agent claude.`,
    )
  }
  if (resume !== undefined && agent === 'codex') {
    throw new CliError(
      'usage',
      '--resume does not work with codex, whose sessions are resumed by a command of its own. Use --agent claude or opencode.',
    )
  }
  const session = agent === 'claude' ? '--resume' : '--session'
  return [
    ...(resume === undefined ? [] : [session, resume]),
    ...(outputSchema === undefined ? [] : ['--json-schema', outputSchema]),
  ]
}
