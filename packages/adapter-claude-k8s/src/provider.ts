import type { Billing } from '@agent-jobs/adapter-kit'

/** The agent's variables; null where the value is a reference that only the kubelet resolves. */
export type VisibleEnv = Readonly<Record<string, string | null>>

/** The model of runs whose settings and environment name none. */
export const defaultModel = 'claude-opus-5'

function isOn(value: string | null | undefined): boolean {
  // A reference counts as on: a Secret is not mounted to switch something off.
  return value === null || (value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase()))
}

/** Who serves the model: Anthropic itself or a cloud that resells it. */
export function modelProvider(env: VisibleEnv): 'anthropic' | 'bedrock' | 'vertex' {
  if (isOn(env['CLAUDE_CODE_USE_BEDROCK']) || isOn(env['ANTHROPIC_BEDROCK_BASE_URL'])) return 'bedrock'
  return isOn(env['CLAUDE_CODE_USE_VERTEX']) ? 'vertex' : 'anthropic'
}

/** True when the agent has a key or token of its own. */
export function hasApiCredential(env: VisibleEnv): boolean {
  const names = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN']
  return names.some((name) => isOn(env[name])) || modelProvider(env) !== 'anthropic'
}

/** Who is paid, determined by what the agent sees, not by what the server has. */
export function claudeBilling(env: VisibleEnv): Billing {
  const provider = modelProvider(env)
  if (provider === 'bedrock') return { provider: 'anthropic', biller: 'aws_bedrock', billingType: 'metered_api' }
  if (provider === 'vertex') return { provider: 'anthropic', biller: 'google_vertex', billingType: 'metered_api' }
  const byKey = isOn(env['ANTHROPIC_API_KEY']) || isOn(env['ANTHROPIC_AUTH_TOKEN'])
  return { provider: 'anthropic', biller: 'anthropic', billingType: byKey ? 'api' : 'subscription' }
}

/** True when a model id is one that the provider knows; Bedrock refuses Anthropic's own ids. */
export function modelSuits(model: string, env: VisibleEnv): boolean {
  if (modelProvider(env) !== 'bedrock') return true
  return /^(?:[a-z]{2,6}(?:-[a-z]+)?\.)?anthropic\./.test(model) || model.startsWith('arn:')
}
