import type { Billing } from '@agent-jobs/adapter-kit'
import { inferOpenAiCompatibleBiller } from '@paperclipai/adapter-utils'
import type { CodexSettings } from './codex-settings.ts'

/** The agent's variables; null where the value is a reference that only the kubelet resolves. */
type VisibleEnv = Readonly<Record<string, string | null>>

/** True for a variable that is set, also by a reference. */
function isSet(env: VisibleEnv, name: string): boolean {
  const value = env[name]
  return value === null || (value !== undefined && value !== '')
}

/** Who is paid, determined by what the agent gets: a key takes precedence over a login. */
export function codexBilling(env: VisibleEnv, settings: CodexSettings): Billing {
  const texts = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== null))
  const biller = inferOpenAiCompatibleBiller(texts, 'openai') ?? 'openai'
  if (isSet(env, 'CODEX_API_KEY') || isSet(env, 'OPENAI_API_KEY')) {
    return { provider: 'openai', biller, billingType: 'metered_api' }
  }
  const key = settings.authJson?.['OPENAI_API_KEY']
  if (typeof key === 'string' && key !== '') return { provider: 'openai', biller, billingType: 'metered_api' }
  return { provider: 'openai', biller: 'chatgpt', billingType: 'subscription' }
}
