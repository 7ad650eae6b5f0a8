import type { Billing } from '@agent-jobs/adapter-kit'
import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { opencodeSchema } from './opencode-settings.ts'
import { runCost } from './run-cost.ts'

const usage = {
  inputTokens: 1_000_000,
  outputTokens: 100_000,
  cacheReadInputTokens: 2_000_000,
  cacheCreationInputTokens: 0,
}
const ran = { usage, costUsd: 0, contextTokens: 50_000, compactions: 0 }
const direct: Billing = { provider: 'anthropic', biller: 'anthropic', billingType: 'metered_api' }

const cost = (
  summary: Partial<typeof ran> = {},
  config: Record<string, unknown> = {},
  billing: Partial<Billing> = {},
) =>
  runCost({
    summary: { ...ran, ...summary },
    settings: requireSettings(opencodeSchema, { model: 'anthropic/claude-sonnet-5', ...config }),
    billing: { ...direct, ...billing },
  })

describe('what a run cost', () => {
  it("is OpenCode's own figure whenever it has one", () => {
    expect(cost({ costUsd: 0.25 })).toEqual({ costSource: 'agent', costUsd: 0.25 })
  })

  it('comes from the list, with its source and date, where OpenCode says 0', () => {
    expect(cost()).toEqual({
      costSource: 'price_list',
      // 1 × $2 + 0.1 × $10 + 2 × $0.20
      costUsd: expect.closeTo(3.4, 10),
      priceList: { source: expect.stringContaining('models.dev'), date: expect.stringMatching(/^20\d\d-\d\d-\d\d$/) },
    })
  })

  it('is absent for a run without tokens', () => {
    const none = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
    expect(cost({ usage: none })).toEqual({ costSource: 'agent', costUsd: 0 })
  })

  it('is 0 where the price 0 is configured', () => {
    const providerOptions = { anthropic: { models: { 'claude-sonnet-5': { cost: { input: 0, output: 0 } } } } }
    expect(cost({}, { providerOptions })).toEqual({ costSource: 'agent', costUsd: 0 })
  })

  it.each<[string, Partial<Parameters<typeof cost>[0]>, Record<string, unknown>, Partial<Billing>]>([
    ['that ended no step', { costUsd: null as never }, {}, {}],
    ['of a model that is not in the list', {}, { model: 'anthropic/claude-sonnet-99' }, {}],
    ['of a model whose name merely begins as one in the list', {}, { model: 'anthropic/claude-sonnet-5-fast' }, {}],
    ['of no certain model', {}, { model: undefined }, {}],
    ['on a subscription', {}, {}, { billingType: 'subscription' }],
    ['whose way of payment is not known', {}, {}, { billingType: 'unknown' }],
    ['that a reseller is paid for', {}, {}, { biller: 'openrouter' }],
    ['at another address', {}, { providerOptions: { anthropic: { options: { baseURL: 'https://proxy' } } } }, {}],
  ])('is unknown for a run %s', (_what, summary, config, billing) => {
    expect(cost(summary, config, billing)).toEqual({ costSource: 'unknown', costUsd: null })
  })

  it('is unknown for a conversation that was compacted, where the price depends on its size', () => {
    const config = { model: 'openai/gpt-5.5' }
    const billing = { provider: 'openai', biller: 'openai' }
    expect(cost({}, config, billing)).toMatchObject({ costSource: 'price_list' })
    expect(cost({ compactions: 1 }, config, billing)).toEqual({ costSource: 'unknown', costUsd: null })
  })
})
