import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { opencodeBilling } from './opencode-billing.ts'
import { opencodeSchema } from './opencode-settings.ts'

const of = (config: Record<string, unknown>, env: Record<string, string | null> = {}) =>
  opencodeBilling(env, requireSettings(opencodeSchema, config))

const claude = 'anthropic/claude-sonnet-5'

describe('billing', () => {
  it.each([
    ['a key', { model: claude }, { ANTHROPIC_API_KEY: 'k' }, 'anthropic', 'metered_api'],
    ['a key that only the kubelet knows', { model: claude }, { ANTHROPIC_API_KEY: null }, 'anthropic', 'metered_api'],
    ['a bare name', { model: 'claude-sonnet-5' }, { ANTHROPIC_API_KEY: 'k' }, 'anthropic', 'metered_api'],
    ['nothing', { model: claude }, {}, 'anthropic', 'unknown'],
    ["another provider's key", { model: 'house/m' }, { OPENAI_API_KEY: 'k' }, 'house', 'unknown'],
    ['no model', {}, { OPENAI_API_KEY: 'k' }, 'unknown', 'unknown'],
    [
      'a key among the provider options',
      { model: 'house/m', providerOptions: { house: { options: { apiKey: 'k' } } } },
      {},
      'house',
      'metered_api',
    ],
    [
      'a subscription login',
      { model: claude, authJson: { anthropic: { type: 'oauth' } } },
      {},
      'anthropic',
      'subscription',
    ],
    [
      'a login that wins over a key',
      { model: claude, authJson: { anthropic: { type: 'oauth' } } },
      { ANTHROPIC_API_KEY: 'k' },
      'anthropic',
      'subscription',
    ],
    ['a key in the login', { model: claude, authJson: { anthropic: { type: 'api' } } }, {}, 'anthropic', 'metered_api'],
    [
      'a login in the environment',
      { model: claude },
      { OPENCODE_AUTH_CONTENT: '{"anthropic":{"type":"oauth"}}' },
      'anthropic',
      'subscription',
    ],
    ['a login that only the kubelet knows', { model: claude }, { OPENCODE_AUTH_CONTENT: null }, 'anthropic', 'unknown'],
    [
      'a login in the environment that cannot be read',
      { model: claude, authJson: { anthropic: { type: 'api' } } },
      { OPENCODE_AUTH_CONTENT: '{' },
      'anthropic',
      'metered_api',
    ],
  ])('by %s', (_what, config, env, provider, billingType) => {
    expect(of(config, env as Record<string, string | null>)).toEqual({ provider, biller: provider, billingType })
  })

  it.each([
    ['the environment', { model: 'openai/gpt-5' }, { OPENAI_BASE_URL: 'https://openrouter.ai/api/v1' }],
    [
      'the provider options',
      { model: 'openai/gpt-5', providerOptions: { openai: { options: { baseURL: 'https://openrouter.ai/api/v1' } } } },
      {},
    ],
  ])('names the reseller that a base URL in %s points to', (_where, config, env) => {
    expect(of(config, { OPENAI_API_KEY: 'k', ...env }).biller).toBe('openrouter')
  })
})
