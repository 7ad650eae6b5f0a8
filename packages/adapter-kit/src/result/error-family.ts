import type { AdapterExecutionResult } from '@paperclipai/adapter-utils'

type AdapterExecutionErrorFamily = NonNullable<AdapterExecutionResult['errorFamily']>

const families: Readonly<Record<string, AdapterExecutionErrorFamily>> = {
  rate_limited: 'transient_upstream',
  overloaded: 'transient_upstream',
  upstream_error: 'transient_upstream',
  quota_exhausted: 'provider_quota',
  model_refusal: 'model_refusal',
}

/** Paperclip's family of an agent's error; families decide how it retries and how it shows the agent. */
export function errorFamily(agentCode: string | null): AdapterExecutionErrorFamily | null {
  return agentCode === null ? null : (families[agentCode] ?? null)
}
