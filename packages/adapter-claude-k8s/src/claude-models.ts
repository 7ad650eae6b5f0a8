import type { AgentDefinition, ModelInput } from '@agent-jobs/adapter-kit'
import { modelProvider } from './provider.ts'

type AgentModels = AgentDefinition['models']

/** Offered when the provider cannot be asked. Claude Code resolves the short names to the newest model of that name. */
export const claudeModels: AgentModels = [
  { id: 'opus', label: 'Opus (newest)' },
  { id: 'sonnet', label: 'Sonnet (newest)' },
  { id: 'haiku', label: 'Haiku (newest)' },
  { id: 'claude-opus-5', label: 'Claude Opus 5' },
  { id: 'claude-sonnet-5', label: 'Claude Sonnet 5' },
  { id: 'claude-opus-4-8', label: 'Claude Opus 4.8' },
  { id: 'claude-opus-4-7', label: 'Claude Opus 4.7' },
  { id: 'claude-opus-4-6', label: 'Claude Opus 4.6' },
  { id: 'claude-sonnet-4-6', label: 'Claude Sonnet 4.6' },
  { id: 'claude-sonnet-4-5', label: 'Claude Sonnet 4.5' },
  { id: 'claude-haiku-4-5', label: 'Claude Haiku 4.5' },
]

/** Bedrock knows models by its own ids only. */
export const bedrockModels: AgentModels = [
  { id: 'us.anthropic.claude-opus-4-8-v1', label: 'Bedrock Opus 4.8' },
  { id: 'us.anthropic.claude-opus-4-6-v1', label: 'Bedrock Opus 4.6' },
  { id: 'us.anthropic.claude-sonnet-4-5-20250929-v2:0', label: 'Bedrock Sonnet 4.5' },
  { id: 'us.anthropic.claude-haiku-4-5-20251001-v1:0', label: 'Bedrock Haiku 4.5' },
]

/** The oldest Claude Code that knows a model; null when no limit is known. */
export function minimumVersion(model: string | undefined): string | null {
  // The same as in Paperclip's own local adapter (cli-capabilities.js).
  return model !== undefined && /(?:^|\.)claude-fable-5-1$/.test(model) ? '2.1.251' : null
}

interface ListedModel {
  id: string
  display_name?: string
}

function listedModels(body: unknown): ListedModel[] {
  if (typeof body !== 'object' || body === null || !('data' in body) || !Array.isArray(body.data)) return []
  return body.data.filter(
    (model: unknown): model is ListedModel =>
      typeof model === 'object' && model !== null && 'id' in model && typeof model.id === 'string',
  )
}

/** Asks Anthropic for its models with the server's key; built-in models that it does not list stay available. */
export async function listClaudeModels({ env, fetch, signal }: ModelInput): Promise<AgentModels> {
  if (modelProvider(visible(env)) === 'bedrock') return bedrockModels
  const key = env['ANTHROPIC_API_KEY']?.trim()
  if (!key) return claudeModels
  const base = (env['ANTHROPIC_BASE_URL']?.trim() || 'https://api.anthropic.com').replace(/\/+$/, '')
  const response = await fetch(`${base}/v1/models?limit=1000`, {
    headers: { 'anthropic-version': '2023-06-01', 'x-api-key': key },
    signal,
  })
  if (!response.ok) throw new Error(`${base}/v1/models answered ${response.status}`)
  const listed = listedModels(await response.json()).map(({ id, display_name: label }) => ({ id, label: label ?? id }))
  const known = new Set(listed.map(({ id }) => id))
  return [...listed, ...claudeModels.filter(({ id }) => !known.has(id))]
}

function visible(env: Readonly<Record<string, string | undefined>>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  )
}
