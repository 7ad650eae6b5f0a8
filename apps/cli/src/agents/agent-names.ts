import { InvalidArgumentError } from 'commander'

/** Names of the agents that the command line knows, for callers that need only the names. */
export const agentNames = ['claude', 'codex', 'opencode'] as const

/** One of them. */
export type AgentName = (typeof agentNames)[number]

/** Whether the value of `--agent` is the path of a module that defines an agent. */
export function isModulePath(value: string): boolean {
  return /[./\\]/.test(value)
}

/** Reads the value of `--agent`: a name that the command line knows, or the path of a module. */
export function readAgent(value: string): string {
  if (agentNames.some((name) => name === value) || isModulePath(value)) return value
  throw new InvalidArgumentError(`Allowed choices are ${agentNames.join(', ')}, or the path of a module.`)
}
