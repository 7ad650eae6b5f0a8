import { describe, expect, it } from 'vitest'
import { claudeCost } from './claude-cost.ts'

describe('the cost of a Claude run', () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
  const stopped = { costUsd: null, model: 'claude-opus-4-8-20251101', usage }
  const byKey = { provider: 'anthropic', biller: 'anthropic', billingType: 'api' } as const

  it('is what Claude Code states', () => {
    const summary = { ...stopped, costUsd: 0.25 }
    expect(claudeCost({ summary, settings: {}, billing: byKey })).toEqual({ costSource: 'agent', costUsd: 0.25 })
  })

  it('is that of its tokens by the price list when it was stopped before its result', () => {
    const cost = claudeCost({ summary: stopped, settings: {}, billing: byKey })
    expect(cost).toMatchObject({ costSource: 'price_list', costUsd: 5, priceList: { date: expect.any(String) } })
    const unnamed = { ...stopped, model: null }
    expect(claudeCost({ summary: unnamed, settings: { model: 'claude-opus-4-8' }, billing: byKey }).costUsd).toBe(5)
  })

  it('is unknown for other models, and where a subscription or a cloud is billed', () => {
    const unknown = { costSource: 'unknown', costUsd: null }
    expect(claudeCost({ summary: { ...stopped, model: 'opus' }, settings: {}, billing: byKey })).toEqual(unknown)
    for (const other of [{ billingType: 'subscription' }, { biller: 'aws_bedrock' }] as const) {
      expect(claudeCost({ summary: stopped, settings: {}, billing: { ...byKey, ...other } })).toEqual(unknown)
    }
  })
})
