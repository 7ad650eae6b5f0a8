import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { codexBilling } from './codex-billing.ts'
import { codexDefinition } from './codex-definition.ts'
import { codexSchema } from './codex-settings.ts'

const settings = (more: Record<string, unknown> = {}) => requireSettings(codexSchema, { model: 'gpt-5.5', ...more })

describe('who is paid', () => {
  it.each<[string, Record<string, string | null>, Record<string, unknown>, string, string]>([
    ['a key', { CODEX_API_KEY: 'k' }, {}, 'openai', 'metered_api'],
    ['a key from a Secret', { OPENAI_API_KEY: null }, {}, 'openai', 'metered_api'],
    ['a key in the login', {}, { authJson: { OPENAI_API_KEY: 'k' } }, 'openai', 'metered_api'],
    ['a ChatGPT login', {}, { authJson: { tokens: {} } }, 'chatgpt', 'subscription'],
    ['an empty key', { CODEX_API_KEY: '' }, {}, 'chatgpt', 'subscription'],
    [
      'a key for OpenRouter',
      { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'https://openrouter.ai/api/v1' },
      {},
      'openrouter',
      'metered_api',
    ],
  ])('with %s', (_what, env, more, biller, billingType) => {
    expect(codexBilling(env, settings(more))).toEqual({ provider: 'openai', biller, billingType })
  })
})

describe('the cost of a run', () => {
  const usage = {
    inputTokens: 1_000_000,
    outputTokens: 100_000,
    reasoningTokens: 0,
    cacheReadInputTokens: 0,
    cacheCreationInputTokens: 0,
  }
  const cost = (summary: Record<string, unknown> = {}, billing: Record<string, unknown> = {}, more = {}) =>
    codexDefinition.cost?.({
      summary: { usage, usageBasis: 'per_run', model: 'gpt-5.5', largestRequest: 1000, ...summary } as never,
      settings: settings(more),
      billing: { provider: 'openai', biller: 'openai', billingType: 'metered_api', ...billing } as never,
    })

  it('comes from the list, by the model that ran', () => {
    // 1 × $5 + 0.1 × $30
    expect(cost()).toMatchObject({ costSource: 'price_list', costUsd: expect.closeTo(8, 10) })
    expect(cost({ model: null })).toMatchObject({ costSource: 'price_list' })
  })

  it.each([
    ['of another model', { model: 'gpt-99' }, {}],
    ['whose tokens are those of the whole thread', { usageBasis: 'session_cumulative' }, {}],
    ['on a subscription', {}, { billingType: 'subscription' }],
    ['that a reseller is paid for', {}, { biller: 'openrouter' }],
    ['of a size that the price does not cover', { largestRequest: 300_000 }, {}],
    ['of unknown size', { largestRequest: null }, {}],
  ])('is unknown for a run %s', (_what, summary, billing) => {
    expect(cost(summary, billing)).toEqual({ costSource: 'unknown', costUsd: null })
  })
})
