import { assert, constantFrom, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listedCost, priceOf } from './listed-cost.ts'
import { modelCatalogue } from './model-catalogue.ts'

const usage = {
  inputTokens: 1_000_000,
  outputTokens: 100_000,
  cacheReadInputTokens: 2_000_000,
  cacheCreationInputTokens: 0,
}

describe('the cost by the price list', () => {
  it('has the source and date of the list', () => {
    expect(listedCost('anthropic/claude-sonnet-5', { usage, largestRequest: null })).toEqual({
      costSource: 'price_list',
      // 1 × $2 + 0.1 × $10 + 2 × $0.20
      costUsd: expect.closeTo(3.4, 10),
      priceList: { source: modelCatalogue.source, date: modelCatalogue.date },
    })
  })

  it.each(['openai/gpt-99', '__proto__', 'toString', ''])(
    'of a model %j that is not in it is unknown, never 0',
    (model) => {
      expect(listedCost(model, { usage, largestRequest: 1 })).toEqual({ costSource: 'unknown', costUsd: null })
    },
  )

  it('is unknown beyond the size of request that a price covers, and where that size is not known', () => {
    const price = { input: 1, output: 1, cacheRead: 1, upToTokens: 200_000 }
    expect(priceOf({ usage, largestRequest: 200_000 }, price)).toBeGreaterThan(0)
    expect(priceOf({ usage, largestRequest: 200_001 }, price)).toBeNull()
    expect(priceOf({ usage, largestRequest: null }, price)).toBeNull()
    expect(priceOf({ usage: { ...usage, cacheCreationInputTokens: 1 }, largestRequest: 1 }, price)).toBeNull()
  })

  it('grows with every kind of token', () => {
    const prices = constantFrom(...Object.values(modelCatalogue.models).map(({ price }) => price))
    assert(
      property(prices, nat(), nat(), (listed, before, more) => {
        const price = { cacheWrite: 1, ...listed, upToTokens: 1e9 }
        for (const kind of Object.keys(usage)) {
          const at = (count: number) => priceOf({ usage: { ...usage, [kind]: count }, largestRequest: 1 }, price)
          expect(at(before + more)).toBeGreaterThanOrEqual(at(before) ?? Infinity)
        }
      }),
    )
  })
})

it('has prices that a provider could have', () => {
  for (const [model, { price, limit }] of Object.entries(modelCatalogue.models)) {
    const { input, output, cacheRead } = price
    expect(model).toMatch(/^[a-z]+\/[a-z0-9.-]+$/)
    expect(output, model).toBeGreaterThan(input)
    expect(cacheRead, model).toBeLessThan(input)
    expect(limit.output, model).toBeLessThanOrEqual(limit.context)
  }
})
