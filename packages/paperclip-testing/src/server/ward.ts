import type { Scenario } from '@agent-jobs/scripted-model'
import { closeIssue } from '../scenarios/lab-scenarios.ts'

// The scenarios that were healed. A scripted model knows only its requests, so they are kept here.
const healed = new Set<string>()

/** From now on, agents in this scenario succeed. */
export function heal(scenario: string): void {
  healed.add(scenario)
}

/** A scenario in which something is wrong until it is healed; then the agent closes its issue. */
export const sick =
  (name: string, illness: Scenario): Scenario =>
  (request, context) =>
    request.side || healed.has(name) ? closeIssue(request, context) : illness(request, context)
