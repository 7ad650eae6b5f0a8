import type { Agent } from '@agent-jobs/agent-run'
import { CliError } from '../errors/cli-error.ts'

/** Options that the command line has for every agent, and that each agent has under other names or not at all. */
export interface AgentWishes {
  readonly resume?: string | undefined
  /** A JSON schema that the answer must match, as text. */
  readonly outputSchema?: string | undefined
}

type Options = Pick<Agent, 'name' | 'title' | 'resumeArguments' | 'schemaArguments'>

/** The arguments of the agent's command line for these options. */
export function agentArguments(agent: Options, { resume, outputSchema }: AgentWishes): string[] {
  return [
    ...(outputSchema === undefined ? [] : schemaArguments(agent, outputSchema)),
    ...(resume === undefined ? [] : resumeArguments(agent, resume)),
  ]
}

function resumeArguments(agent: Options, sessionId: string): readonly string[] {
  if (!agent.resumeArguments) throw new CliError('usage', `--resume does not work with ${agent.name}.`)
  const found = agent.resumeArguments(sessionId)
  if (found !== null) return found
  throw new CliError(
    'usage',
    `"${sessionId}" cannot be a session of ${agent.title}. Pass the id that the run before it printed.`,
  )
}

function schemaArguments(agent: Options, schema: string): readonly string[] {
  if (agent.schemaArguments) return agent.schemaArguments(schema)
  throw new CliError(
    'usage',
    `--output-schema needs an agent that keeps to schemas, and ${agent.name} does not. Use --agent claude.`,
  )
}
