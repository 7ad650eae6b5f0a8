import { AdapterError, modelCatalogue } from '@agent-jobs/adapter-kit'
import { isRecord } from './loose-record.ts'
import type { OpencodeSettings } from './opencode-settings.ts'

type Json = Record<string, unknown>

/** The model of the run, as `provider/model`; nulls where OpenCode chooses. */
export type ChosenModel = { model: string; provider: string } | { model: null; provider: null }

const record = (value: unknown): Json => (isRecord(value) ? value : {})

/** The user's providers, with the time-out for the provider of the model and the size at which it is compacted. */
export function providerSection(settings: OpencodeSettings, configured: Json, chosen: ChosenModel): Json {
  if (chosen.provider === null) return configured
  const { provider } = chosen
  const own = record(configured[provider])
  const models = compactionLimits(settings, chosen, own) ?? unknownModel(chosen, own)
  if (settings.chunkTimeoutMs === 0 && models === null) return configured
  const timeout = settings.chunkTimeoutMs === 0 ? {} : { chunkTimeout: settings.chunkTimeoutMs }
  return {
    ...configured,
    [provider]: {
      ...own,
      options: { ...timeout, ...record(own['options']) },
      ...(models === null ? {} : { models: { ...record(own['models']), ...models } }),
    },
  }
}

// OpenRouter takes variants of names (`…:nitro`) that no catalogue lists.
const cataloguedProviders = new Set([
  'openrouter',
  ...Object.keys(modelCatalogue.models).map((name) => name.slice(0, name.indexOf('/'))),
])

/** OpenCode refuses a model that its catalogue does not have, though the provider may; a configuration entry makes it try. */
function unknownModel({ provider, model }: Extract<ChosenModel, { model: string }>, own: Json): Json | null {
  const id = model.slice(provider.length + 1)
  const isKnown = model in modelCatalogue.models || id in record(own['models'])
  // A provider without a description has no address; OpenCode's error about it would not show that its name is wrong.
  const isDescribed = Object.keys(own).length > 0 || cataloguedProviders.has(provider)
  return isKnown || !isDescribed ? null : { [id]: {} }
}

// System prompt and tools alone are some 8,000 to 15,000 tokens; below that, OpenCode compacts endlessly.
const smallestThreshold = 20_000

/** Makes OpenCode compact at a size: `limit.input` less `compaction.reserved` (its session/overflow). */
function compactionLimits(settings: OpencodeSettings, { provider, model }: ChosenModel, own: Json): Json | null {
  const { compactThreshold } = settings
  if (compactThreshold === 0 || provider === null || model === null) return null
  if (compactThreshold < smallestThreshold) {
    throw new AdapterError(
      'invalid_config',
      `"compactThreshold" is ${compactThreshold}, expected 0 or at least ${smallestThreshold}: less than that OpenCode needs for its own instructions.`,
    )
  }
  const id = model.slice(provider.length + 1)
  const described = record(record(own['models'])[id])
  const limit = { ...modelCatalogue.models[model]?.limit, ...record(described['limit']) }
  // OpenCode refuses a configuration that names one limit and not the others.
  if (limit.context === undefined || limit.output === undefined) {
    throw new AdapterError(
      'invalid_config',
      `"compactThreshold" needs the limits of ${model}, which this package does not know. Set "providerOptions" to {"${provider}":{"models":{"${id}":{"limit":{"context":…,"output":…}}}}}.`,
    )
  }
  return { [id]: { ...described, limit: { ...limit, input: compactThreshold } } }
}
