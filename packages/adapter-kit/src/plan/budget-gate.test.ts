import { describe, expect, it } from 'vitest'
import { systemDependencies } from '../create-adapter.ts'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { requireBudget } from './budget-gate.ts'

const signal = new AbortController().signal

function gate(fetchAgent: typeof fetch, agent: Record<string, unknown> = {}) {
  const { ctx } = paperclipContext({})
  Object.assign(ctx.agent, agent)
  return requireBudget(systemDependencies({ env: { PAPERCLIP_API_URL: 'http://p' }, fetch: fetchAgent }), ctx, signal)
}

const answers =
  (body: unknown, status = 200): typeof fetch =>
  async () =>
    Response.json(body, { status })
const silent: typeof fetch = async () => {
  throw new TypeError('fetch failed')
}

describe('the budget gate', () => {
  it.each([
    ['money is left', answers({ spentMonthlyCents: 99, budgetMonthlyCents: 100 })],
    ['there is no budget', answers({ spentMonthlyCents: 99, budgetMonthlyCents: 0 })],
    ['no budget is reported', answers({})],
    ['Paperclip does not answer and nothing is known', silent],
  ])('lets a run through when %s', async (_what, fetchAgent) => {
    await expect(gate(fetchAgent)).resolves.toBeUndefined()
  })

  it('refuses when the budget is spent', async () => {
    await expect(gate(answers({ spentMonthlyCents: 1234, budgetMonthlyCents: 1000 }))).rejects.toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringMatching(/^Budget exceeded: \$12\.34 spent \/ \$10\.00 cap/),
    })
  })

  it('uses what Paperclip reported at the start when it does not answer', async () => {
    const spent = { spentMonthlyCents: 5, budgetMonthlyCents: 5 }
    await expect(gate(silent, spent)).rejects.toMatchObject({ code: 'budget_exceeded' })
    await expect(gate(answers({}, 403), spent)).rejects.toMatchObject({ code: 'budget_exceeded' })
  })
})
