import type { AgentDefinition } from './agent-definition.ts'
import { claudeAgent } from './claude-agent.ts'
import { CliError } from '../errors/cli-error.ts'
import { agentNames } from './agent-names.ts'
import { opencodeAgent } from './opencode-agent.ts'

const agents: readonly AgentDefinition[] = [claudeAgent, opencodeAgent]

/** The definition of an agent. */
export function agentNamed(name: string): AgentDefinition {
  const agent = agents.find((candidate) => candidate.name === name)
  if (!agent) throw new CliError('usage', `There is no agent "${name}"; known: ${agentNames.join(', ')}`)
  return agent
}
