import type { AdapterSessionCodec } from '@paperclipai/adapter-utils'
import { isRecord } from '../settings/loose-text.ts'

/** What Paperclip stores of a task's session. */
export interface SessionParams {
  sessionId: string
  cwd?: string
  promptBundleKey?: string
  mcpServerIdentity?: string
  workspaceId?: string
  repoUrl?: string
  repoRef?: string
}

// The names that other adapters used for the same value.
const aliases: Record<keyof SessionParams, readonly string[]> = {
  sessionId: ['sessionId', 'session_id', 'sessionID'],
  cwd: ['cwd', 'workdir', 'folder'],
  promptBundleKey: ['promptBundleKey', 'prompt_bundle_key'],
  mcpServerIdentity: ['mcpServerIdentity', 'mcp_server_identity'],
  workspaceId: ['workspaceId', 'workspace_id'],
  repoUrl: ['repoUrl', 'repo_url'],
  repoRef: ['repoRef', 'repo_ref'],
}

function textUnder(record: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record[name]
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return undefined
}

/** Reads session parameters by any of their known names; null without a session id. */
export function readSessionParams(raw: unknown): SessionParams | null {
  if (!isRecord(raw)) return null
  const sessionId = textUnder(raw, aliases.sessionId)
  if (sessionId === undefined) return null
  const params: SessionParams = { sessionId }
  for (const key of ['cwd', 'promptBundleKey', 'mcpServerIdentity', 'workspaceId', 'repoUrl', 'repoRef'] as const) {
    const value = textUnder(raw, aliases[key])
    if (value !== undefined) params[key] = value
  }
  return params
}

/** Paperclip's codec of session parameters. */
export const sessionCodec: AdapterSessionCodec = {
  deserialize(raw) {
    const params = readSessionParams(raw)
    return params && { ...params }
  },
  serialize(raw) {
    const params = readSessionParams(raw)
    return params && { ...params }
  },
  getDisplayId(raw) {
    return readSessionParams(raw)?.sessionId.slice(0, 128) ?? null
  },
}
