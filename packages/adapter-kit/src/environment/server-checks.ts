import type { Check } from './cluster-checks.ts'

/** Connections in the pool of Paperclip's database unless DATABASE_POOL_MAX says otherwise (postgres.js's own default). */
const defaultPool = 10

/** The value in the shipped manifests. */
const suggestedPool = 50

/**
 * Checks the server itself. Paperclip 2026.916.1 keeps one connection of its pool while it takes a second one to start a
 * run: as many simultaneous starts as the pool has connections deadlock the whole server.
 */
export function serverChecks(env: Readonly<Record<string, string | undefined>>): Check[] {
  // Set by a running server for its adapters; other callers have a different environment.
  if (env['PAPERCLIP_LISTEN_PORT'] === undefined) return []
  const pool = Number(env['DATABASE_POOL_MAX'] ?? defaultPool)
  if (!(pool < 2 * defaultPool)) return []
  return [
    {
      code: 'paperclip_pool_small',
      level: 'warn',
      message: `Paperclip's database pool has ${pool} connections; when ${pool} runs begin in one moment, the server hangs.`,
      hint: `Set DATABASE_POOL_MAX=${suggestedPool} in the server's environment, where it has ten agents or more.`,
    },
  ]
}
