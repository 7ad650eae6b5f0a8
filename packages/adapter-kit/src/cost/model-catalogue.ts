/** What a million tokens of a model cost, in US dollars. */
export interface ModelPrice {
  /** Input that no cache held. */
  input: number
  output: number
  cacheRead: number
  /** Absent where the provider has no price for it. */
  cacheWrite?: number
  /** Above this size of the conversation another price holds, which is not in the table. */
  upToTokens?: number
}

/** How much a model reads and writes, in tokens. */
export interface ModelLimit {
  context: number
  output: number
}

/** A catalogue of models: what was read where, and when. */
export interface ModelCatalogue {
  source: string
  date: string
  models: Readonly<Record<string, { price: ModelPrice; limit: ModelLimit }>>
}

/**
 * Prices for agents that state none, and limits for agents whose configuration wants them. Read from the catalogue of
 * OpenCode 1.18.33, which is that of models.dev:
 * `OPENCODE_DISABLE_MODELS_FETCH=1 ANTHROPIC_API_KEY=x … opencode models --verbose`.
 */
export const modelCatalogue: ModelCatalogue = {
  source: 'models.dev, as opencode-ai 1.18.33 brings it',
  date: '2026-11-21',
  models: {
    'anthropic/claude-fable-5-1': {
      price: { input: 10, output: 50, cacheRead: 0.25, cacheWrite: 12.5 },
      limit: { context: 1_000_000, output: 128_000 },
    },
    'anthropic/claude-haiku-4-5': {
      price: { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
      limit: { context: 200_000, output: 64_000 },
    },
    'anthropic/claude-opus-4-8': {
      price: { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
      limit: { context: 1_000_000, output: 128_000 },
    },
    'anthropic/claude-opus-5': {
      price: { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
      limit: { context: 1_000_000, output: 128_000 },
    },
    'anthropic/claude-opus-5-5': {
      price: { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 },
      limit: { context: 1_000_000, output: 128_000 },
    },
    'anthropic/claude-sonnet-4-6': {
      price: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
      limit: { context: 1_000_000, output: 128_000 },
    },
    'anthropic/claude-sonnet-5': {
      price: { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 },
      limit: { context: 1_000_000, output: 128_000 },
    },
    'openai/gpt-5': {
      price: { input: 1.25, output: 10, cacheRead: 0.125 },
      limit: { context: 400_000, output: 128_000 },
    },
    'openai/gpt-5-mini': {
      price: { input: 0.25, output: 2, cacheRead: 0.025 },
      limit: { context: 400_000, output: 128_000 },
    },
    'openai/gpt-5.1': {
      price: { input: 1.25, output: 10, cacheRead: 0.125 },
      limit: { context: 400_000, output: 128_000 },
    },
    'openai/gpt-5.2': {
      price: { input: 1.75, output: 14, cacheRead: 0.175 },
      limit: { context: 400_000, output: 128_000 },
    },
    'openai/gpt-5.3-codex': {
      price: { input: 1.75, output: 14, cacheRead: 0.175 },
      limit: { context: 400_000, output: 128_000 },
    },
    'openai/gpt-5.4': {
      price: { input: 2.5, output: 15, cacheRead: 0.25, upToTokens: 272_000 },
      limit: { context: 1_050_000, output: 128_000 },
    },
    'openai/gpt-5.4-mini': {
      price: { input: 0.75, output: 4.5, cacheRead: 0.075 },
      limit: { context: 400_000, output: 128_000 },
    },
    'openai/gpt-5.5': {
      price: { input: 5, output: 30, cacheRead: 0.5, upToTokens: 272_000 },
      limit: { context: 1_050_000, output: 128_000 },
    },
    'openai/gpt-5.6': {
      price: { input: 4, output: 20, cacheRead: 0.4, cacheWrite: 5, upToTokens: 272_000 },
      limit: { context: 1_050_000, output: 128_000 },
    },
    'openai/gpt-6-luna': {
      price: { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125, upToTokens: 272_000 },
      limit: { context: 1_050_000, output: 128_000 },
    },
    'openai/gpt-6-sol': {
      price: { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5, upToTokens: 272_000 },
      limit: { context: 1_050_000, output: 128_000 },
    },
    'openai/gpt-6-astra': {
      price: { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5, upToTokens: 272_000 },
      limit: { context: 1_050_000, output: 128_000 },
    },
    'google/gemini-2.5-pro': {
      price: { input: 1.25, output: 10, cacheRead: 0.125, upToTokens: 200_000 },
      limit: { context: 1_048_576, output: 65_536 },
    },
    'google/gemini-2.5-flash': {
      price: { input: 0.3, output: 2.5, cacheRead: 0.03 },
      limit: { context: 1_048_576, output: 65_536 },
    },
    'google/gemini-3.1-pro-preview': {
      price: { input: 2, output: 12, cacheRead: 0.2, upToTokens: 200_000 },
      limit: { context: 1_048_576, output: 65_536 },
    },
    'google/gemini-3.5-flash': {
      price: { input: 1.5, output: 9, cacheRead: 0.15 },
      limit: { context: 1_048_576, output: 65_536 },
    },
    'google/gemini-3.8-flash': {
      price: { input: 0.75, output: 3.75, cacheRead: 0.075 },
      limit: { context: 1_048_576, output: 65_536 },
    },
    'xai/grok-4.5': {
      price: { input: 2, output: 6, cacheRead: 0.3, upToTokens: 200_000 },
      limit: { context: 500_000, output: 500_000 },
    },
    'xai/grok-4.7': {
      price: { input: 2, output: 6, cacheRead: 0.5, upToTokens: 200_000 },
      limit: { context: 500_000, output: 500_000 },
    },
    'deepseek/deepseek-flash': {
      price: { input: 0.15, output: 0.6, cacheRead: 0.003 },
      limit: { context: 1_000_000, output: 393_216 },
    },
    'deepseek/deepseek-v4-pro': {
      price: { input: 0.435, output: 0.87, cacheRead: 0.003625 },
      limit: { context: 1_000_000, output: 393_216 },
    },
  },
}
