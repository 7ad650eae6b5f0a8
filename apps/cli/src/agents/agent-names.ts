/** Names of the agents that the command line knows, for those who need no more of them. */
export const agentNames = ['claude', 'opencode'] as const

/** One of them. */
export type AgentName = (typeof agentNames)[number]
