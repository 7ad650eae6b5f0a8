import { claudeAgent } from '@agent-jobs/adapter-claude-k8s/agent'
import { codexAgent } from '@agent-jobs/adapter-codex-k8s/agent'
import { opencodeAgent } from '@agent-jobs/adapter-opencode-k8s/agent'
import type { Agent } from '@agent-jobs/agent-run'
import { CliError } from '../errors/cli-error.ts'
import { agentNames } from './agent-names.ts'

const agents: readonly Agent[] = [claudeAgent, codexAgent, opencodeAgent]

/** The definition of an agent. */
export function agentNamed(name: string): Agent {
  const agent = agents.find((candidate) => candidate.name === name)
  if (!agent) throw new CliError('usage', `Unknown agent "${name}"; known: ${agentNames.join(', ')}`)
  return agent
}
