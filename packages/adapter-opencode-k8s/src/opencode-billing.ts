import type { Billing } from '@agent-jobs/adapter-kit'
import { inferOpenAiCompatibleBiller } from '@paperclipai/adapter-utils'

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

/** Who is paid, judged by the model's provider and by what the agent sees, not by what the server has. */
export function opencodeBilling(env: VisibleEnv, provider: string | null): Billing {
  const literal = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== null),
  ) as NodeJS.ProcessEnv
  const name = provider ?? 'unknown'
  const biller = name === 'openai' ? (inferOpenAiCompatibleBiller(literal, name) ?? name) : name
  const byKey = (keyNames[name] ?? []).some((key) => env[key] === null || (env[key] ?? '') !== '')
  return { provider: name, biller, billingType: byKey ? 'metered_api' : 'unknown' }
}
