import { AdapterError } from '@agent-jobs/adapter-kit'
import { isRecord } from './loose-record.ts'
import { modelCatalogue } from './model-catalogue.ts'
import type { OpencodeSettings } from './opencode-settings.ts'

type Json = Record<string, unknown>

/** The model of the run, as `provider/model`; nulls where OpenCode chooses. */
export type ChosenModel = { model: string; provider: string } | { model: null; provider: null }

const record = (value: unknown): Json => (isRecord(value) ? value : {})

/** The user's providers, with the time-out for the provider of the model and the size at which it is compacted. */
export function providerSection(settings: OpencodeSettings, chosen: ChosenModel): Json {
  const configured = settings.providerOptions ?? {}
  const { provider } = chosen
  if (provider === null) return configured
  const own = record(configured[provider])
  const limits = compactionLimits(settings, chosen, own)
  if (settings.chunkTimeoutMs === 0 && limits === null) return configured
  const timeout = settings.chunkTimeoutMs === 0 ? {} : { chunkTimeout: settings.chunkTimeoutMs }
  return {
    ...configured,
    [provider]: {
      ...own,
      options: { ...timeout, ...record(own['options']) },
      ...(limits === null ? {} : { models: { ...record(own['models']), ...limits } }),
    },
  }
}

// System prompt and tools alone are some 8,000 to 15,000 tokens; below them OpenCode compacts for ever.
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
