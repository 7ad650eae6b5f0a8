import { isRecord } from '../settings/loose-text.ts'

/**
 * The run's right to ask Paperclip for credentials of the company's GitHub connection; null where Paperclip manages none. It
 * is valid for this run only (docs/paperclip-facts.md#managed-github-credentials).
 */
export function githubCapability(configuredEnv: unknown): string | null {
  if (!isRecord(configuredEnv) || configuredEnv['PAPERCLIP_GITHUB_AUTH_MODE'] !== 'managed') return null
  const token = configuredEnv['PAPERCLIP_GITHUB_BROKER_TOKEN']
  return typeof token === 'string' && token !== '' ? token : null
}
