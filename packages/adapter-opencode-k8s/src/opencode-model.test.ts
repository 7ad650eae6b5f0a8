import { describe, expect, it } from 'vitest'
import { readModel } from './opencode-model.ts'

describe('the model', () => {
  it.each([
    ['openai/gpt-5.5', 'openai/gpt-5.5', 'openai'],
    ['openrouter/anthropic/claude-sonnet-5', 'openrouter/anthropic/claude-sonnet-5', 'openrouter'],
    ['claude-sonnet-5', 'anthropic/claude-sonnet-5', 'anthropic'],
    ['gpt-5.5', 'openai/gpt-5.5', 'openai'],
    ['o3-pro', 'openai/o3-pro', 'openai'],
    ['gemini-2.5-pro', 'google/gemini-2.5-pro', 'google'],
  ])('%s is %s of %s', (configured, model, provider) => {
    expect(readModel(configured)).toEqual({ ok: true, model, provider })
  })

  it("is OpenCode's own choice when none is configured", () => {
    expect(readModel(undefined)).toEqual({ ok: true, model: null, provider: null })
  })

  it.each(['house-model', '/model', 'provider/'])('%s is refused with what to write', (configured) => {
    expect(readModel(configured)).toEqual({ ok: false, error: expect.stringContaining('`provider/model`') })
  })
})
