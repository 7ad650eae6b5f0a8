import type { Scenario } from '@agent-jobs/scripted-model'
import { closeIssue } from '../scenarios/lab-scenarios.ts'

// The scenarios of agents that were healed. A scripted model knows nothing but its requests, so this is beside it.
const healed = new Set<string>()

/** From now on agents in this scenario do their work. */
export function heal(scenario: string): void {
  healed.add(scenario)
}

/** A scenario in which something is wrong until it is healed; then the agent closes its issue. */
export const sick =
  (name: string, illness: Scenario): Scenario =>
  (request, context) =>
    request.side || healed.has(name) ? closeIssue(request, context) : illness(request, context)
