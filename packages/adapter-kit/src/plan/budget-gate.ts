import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { AdapterError } from '../adapter-error.ts'
import { askPaperclip } from '../paperclip-api/ask-paperclip.ts'
import { isRecord } from '../settings/loose-text.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'

interface Budget {
  spentMonthlyCents: number
  budgetMonthlyCents: number
}

function budgetOf(agent: unknown): Budget | null {
  if (!isRecord(agent)) return null
  const { spentMonthlyCents, budgetMonthlyCents } = agent
  return typeof spentMonthlyCents === 'number' && typeof budgetMonthlyCents === 'number' && budgetMonthlyCents > 0
    ? { spentMonthlyCents, budgetMonthlyCents }
    : null
}

/** Refuses a run of an agent whose monthly budget is spent, before anything is created for it. */
export async function requireBudget(
  deps: AdapterDependencies,
  ctx: AdapterExecutionContext,
  signal: AbortSignal,
): Promise<void> {
  // If Paperclip does not answer, what it reported when it started the run counts.
  const path = `/api/agents/${encodeURIComponent(ctx.agent.id)}`
  const budget = budgetOf((await askPaperclip(deps, ctx, { path, signal })) ?? ctx.agent)
  if (budget === null || budget.spentMonthlyCents < budget.budgetMonthlyCents) return
  const dollars = (cents: number) => `$${(cents / 100).toFixed(2)}`
  throw new AdapterError(
    'budget_exceeded',
    `Budget exceeded: ${dollars(budget.spentMonthlyCents)} spent / ${dollars(budget.budgetMonthlyCents)} cap. Raise the agent's monthly budget, or wait for the next month.`,
  )
}
