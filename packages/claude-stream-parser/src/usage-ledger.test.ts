import { describe, expect, it } from 'vitest'
import { recording } from './__fixtures__/recordings.ts'
import { createClaudeParser } from './index.ts'
import { createUsageLedger } from './usage-ledger.ts'

const stats = (inputTokens: number, costUSD: number): Record<string, number> => ({
  inputTokens,
  outputTokens: 1,
  costUSD,
})

describe('usage', () => {
  it('is the sum of what each result counted since the one before', () => {
    const ledger = createUsageLedger()
    ledger.result({ result_index: 0, model_usage_since_last_result: { a: stats(10, 0.5), b: stats(5, 0.25) } })
    ledger.result({ result_index: 1, model_usage_since_last_result: { a: stats(1, 0.125) } })
    const report = ledger.report()
    expect(report).toMatchObject({ usageBasis: 'per_run', costUsd: 0.875 })
    expect(report.usage).toMatchObject({ inputTokens: 16, outputTokens: 3 })
    expect(report.usageByModel).toMatchObject({ a: { inputTokens: 11, costUsd: 0.625 }, b: { inputTokens: 5 } })
  })

  it('does not count the totals of a resumed session again', () => {
    const parser = createClaudeParser()
    parser.feed(recording('resume').stdout)
    const summary = parser.end()
    expect(summary.costUsd).toBeCloseTo(0.004596, 9)
    expect(summary.usage.inputTokens).toBe(1024)
  })

  it('falls back on cumulative totals of an older CLI and says so', () => {
    const ledger = createUsageLedger()
    ledger.result({ total_cost_usd: 1, modelUsage: { a: stats(10, 1) } })
    ledger.result({ total_cost_usd: 1.5, modelUsage: { a: stats(15, 1.5) } })
    expect(ledger.report()).toMatchObject({ usageBasis: 'session_total', costUsd: 1.5, usage: { inputTokens: 15 } })
  })

  it('adds each message once, however many lines carry it, when no result came', () => {
    const ledger = createUsageLedger()
    const usage = { input_tokens: 100, output_tokens: 1, cache_read_input_tokens: 30, cache_creation_input_tokens: 20 }
    for (let line = 0; line < 3; line++) ledger.message('m1', 'a', usage)
    ledger.message('m2', 'a', usage)
    ledger.messageDelta('m2', { output_tokens: 50 })
    expect(ledger.report()).toMatchObject({
      usageBasis: 'partial',
      costUsd: null,
      usage: { inputTokens: 200, outputTokens: 51, cacheReadInputTokens: 60, cacheCreationInputTokens: 40 },
    })
  })

  it('adds to the results what came after the last of them', () => {
    const ledger = createUsageLedger()
    ledger.message('m1', 'a', { input_tokens: 10, output_tokens: 1 })
    ledger.result({ model_usage_since_last_result: { a: stats(10, 0.5) } })
    ledger.message('m2', 'a', { input_tokens: 7, output_tokens: 1 })
    expect(ledger.report()).toMatchObject({ usageBasis: 'partial', costUsd: 0.5, usage: { inputTokens: 17 } })
  })

  it('is partial when a result is missing between two', () => {
    const ledger = createUsageLedger()
    ledger.result({ result_index: 1, model_usage_since_last_result: { a: stats(10, 0.5) } })
    expect(ledger.report().usageBasis).toBe('partial')
  })

  it('is nothing, and complete, for a start that failed', () => {
    const ledger = createUsageLedger()
    ledger.result({ total_cost_usd: 0, usage: { input_tokens: 0 }, modelUsage: {} })
    expect(ledger.report()).toMatchObject({ usageBasis: 'per_run', costUsd: 0, usageByModel: {} })
  })

  it('is not known where nothing stated it', () => {
    expect(createUsageLedger().report()).toMatchObject({ usageBasis: 'none', costUsd: null })
  })

  it('stays right and small over very many messages and models', () => {
    const ledger = createUsageLedger()
    for (let i = 0; i < 20_000; i++) ledger.message(`m${i}`, `model-${i % 1000}`, { input_tokens: 1 })
    const report = ledger.report()
    expect(report.usage.inputTokens).toBe(20_000)
    expect(Object.keys(report.usageByModel).length).toBeLessThan(200)
  })

  it('splits the cache writes by their time to live', () => {
    const ledger = createUsageLedger()
    ledger.message('m', 'a', {
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    })
    expect(ledger.report().usage).toMatchObject({ cacheCreation5mInputTokens: 10, cacheCreation1hInputTokens: 20 })
  })
})
