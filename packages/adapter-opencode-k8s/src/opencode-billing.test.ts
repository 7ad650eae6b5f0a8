import { describe, expect, it } from 'vitest'
import { opencodeBilling } from './opencode-billing.ts'

describe('billing', () => {
  it.each([
    [
      'anthropic',
      { ANTHROPIC_API_KEY: 'k' },
      { provider: 'anthropic', biller: 'anthropic', billingType: 'metered_api' },
    ],
    [
      'anthropic',
      { ANTHROPIC_API_KEY: null },
      { provider: 'anthropic', biller: 'anthropic', billingType: 'metered_api' },
    ],
    ['anthropic', {}, { provider: 'anthropic', biller: 'anthropic', billingType: 'unknown' }],
    ['house', { OPENAI_API_KEY: 'k' }, { provider: 'house', biller: 'house', billingType: 'unknown' }],
    [null, {}, { provider: 'unknown', biller: 'unknown', billingType: 'unknown' }],
  ])('of %s with %j', (provider, env, billing) => {
    expect(opencodeBilling(env as Record<string, string | null>, provider)).toEqual(billing)
  })

  it('names the reseller that an OpenAI base URL points to', () => {
    const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'https://openrouter.ai/api/v1' }
    expect(opencodeBilling(env, 'openai').biller).toBe('openrouter')
  })
})
