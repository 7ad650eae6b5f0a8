import type { AgentErrorCode } from '@agent-jobs/stream-parser-core'

const byErrorName: readonly (readonly [RegExp, AgentErrorCode])[] = [
  [/^ProviderModelNotFoundError\b/, 'model_unavailable'],
  [/^(?:ProviderAuthError|AI_LoadAPIKeyError|LoadAPIKeyError)\b/, 'auth_failed'],
  [/^(?:ProviderNotFoundError|ProviderInitError|Config\w*Error)\b/, 'start_failed'],
]

/**
 * What the CLI's own log says of an error, found by the reference that its `error` line carries. Only with
 * `--print-logs` does the log come on stderr.
 */
export function findInLog(stderr: string, ref: string): { error: string; code: AgentErrorCode | null } | null {
  for (const line of stderr.split('\n')) {
    if (!line.includes(`ref=${ref} `)) continue
    const error = / error="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]
    if (error === undefined) continue
    return { error: error.slice(0, 500), code: byErrorName.find(([pattern]) => pattern.test(error))?.[1] ?? null }
  }
  return null
}
