import type { Billing } from '@agent-jobs/adapter-kit'
import { inferOpenAiCompatibleBiller } from '@paperclipai/adapter-utils'
import { isRecord } from './loose-record.ts'
import { readModel } from './opencode-model.ts'
import type { OpencodeSettings } from './opencode-settings.ts'

/** The agent's variables; null where the value is a reference that only the kubelet resolves. */
type VisibleEnv = Readonly<Record<string, string | null>>

const keyNames: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['ANTHROPIC_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  google: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  openrouter: ['OPENROUTER_API_KEY'],
  xai: ['XAI_API_KEY'],
  mistral: ['MISTRAL_API_KEY'],
  deepseek: ['DEEPSEEK_API_KEY'],
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function textsOf(env: VisibleEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== null))
}

/** A login that OpenCode reads; it wins over a key in the environment. */
function loginOf(provider: string, settings: OpencodeSettings, env: VisibleEnv): Record<string, unknown> {
  const content = env['OPENCODE_AUTH_CONTENT']
  if (content === undefined) return record(record(settings.authJson)[provider])
  if (content === null) return {}
  try {
    return record(record(JSON.parse(content))[provider])
  } catch (error) {
    // OpenCode falls back to its file then, and so do we.
    if (error instanceof SyntaxError) return record(record(settings.authJson)[provider])
    throw error
  }
}

function billingType(
  provider: string,
  options: Record<string, unknown>,
  settings: OpencodeSettings,
  env: VisibleEnv,
): Billing['billingType'] {
  if (typeof options['apiKey'] === 'string') return 'metered_api'
  const { type } = loginOf(provider, settings, env)
  if (type === 'oauth') return 'subscription'
  if (type === 'api') return 'metered_api'
  const byKey = (keyNames[provider] ?? []).some((key) => env[key] === null || (env[key] ?? '') !== '')
  return byKey ? 'metered_api' : 'unknown'
}

/** Who is paid, determined by the model's provider and by what the agent gets, not by what the server has. */
export function opencodeBilling(env: VisibleEnv, settings: OpencodeSettings): Billing {
  const model = readModel(settings.model)
  const provider = (model.ok ? model.provider : null) ?? 'unknown'
  const options = record(record(record(settings.providerOptions)[provider])['options'])
  const { baseURL } = options
  const visible = textsOf(typeof baseURL === 'string' ? { ...env, OPENAI_BASE_URL: baseURL } : env)
  const biller = provider === 'openai' ? (inferOpenAiCompatibleBiller(visible, provider) ?? provider) : provider
  return { provider, biller, billingType: billingType(provider, options, settings, env) }
}
