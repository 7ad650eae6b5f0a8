/** A model as OpenCode wants it. */
export type ModelReading =
  | { ok: true; model: string; provider: string }
  | { ok: true; model: null; provider: null }
  | { ok: false; error: string }

/**
 * Reads the configured model. OpenCode wants `provider/model`; a bare id gets its provider when the name tells which, since
 * OpenCode itself would end with "Unexpected server error" and no reason.
 */
export function readModel(model: string | undefined): ModelReading {
  if (model === undefined) return { ok: true, model: null, provider: null }
  const slash = model.indexOf('/')
  if (slash > 0 && slash < model.length - 1) return { ok: true, model, provider: model.slice(0, slash) }
  if (slash >= 0) {
    return {
      ok: false,
      error: `model is ${JSON.stringify(model)}; write \`provider/model\`, for example openai/gpt-5.5`,
    }
  }
  const provider = inferProvider(model)
  if (provider === null) {
    return {
      ok: false,
      error: `model is ${JSON.stringify(model)}, and its provider cannot be told from the name; write \`provider/model\``,
    }
  }
  return { ok: true, model: `${provider}/${model}`, provider }
}

const families: readonly (readonly [RegExp, string])[] = [
  [/^claude-/, 'anthropic'],
  [/^(?:gpt-|o\d|chatgpt-|codex-)/, 'openai'],
  [/^gemini-/, 'google'],
  [/^grok-/, 'xai'],
  [/^(?:mistral|codestral|devstral|magistral)-/, 'mistral'],
  [/^deepseek-/, 'deepseek'],
]

function inferProvider(model: string): string | null {
  return families.find(([pattern]) => pattern.test(model))?.[1] ?? null
}
