import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { AdapterError } from '../adapter-error.ts'
import { isRecord } from '../settings/loose-text.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'

const timeoutMs = 10_000

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

async function currentAgent(
  deps: AdapterDependencies,
  ctx: AdapterExecutionContext,
  url: string | null,
  signal: AbortSignal,
): Promise<unknown> {
  if (url === null || !ctx.authToken) return ctx.agent
  try {
    const response = await deps.fetch(`${url}/api/agents/${encodeURIComponent(ctx.agent.id)}`, {
      headers: { authorization: `Bearer ${ctx.authToken}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    return response.ok ? await response.json() : ctx.agent
  } catch (error) {
    signal.throwIfAborted()
    // Paperclip does not answer: use what it reported when it started the run.
    if (error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError) return ctx.agent
    throw error
  }
}

/** Refuses a run of an agent whose monthly budget is spent, before anything is created for it. */
export async function requireBudget(
  deps: AdapterDependencies,
  ctx: AdapterExecutionContext,
  signal: AbortSignal,
): Promise<void> {
  const url = deps.env['PAPERCLIP_RUNTIME_API_URL'] ?? deps.env['PAPERCLIP_API_URL'] ?? null
  const budget = budgetOf(await currentAgent(deps, ctx, url, signal))
  if (budget === null || budget.spentMonthlyCents < budget.budgetMonthlyCents) return
  const dollars = (cents: number) => `$${(cents / 100).toFixed(2)}`
  throw new AdapterError(
    'budget_exceeded',
    `Budget exceeded: ${dollars(budget.spentMonthlyCents)} spent / ${dollars(budget.budgetMonthlyCents)} cap. Raise the agent's monthly budget, or wait for the next month.`,
  )
}
