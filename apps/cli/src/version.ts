import { readFileSync } from 'node:fs'

/** Set by `scripts/build.ts`. */
declare const AGENT_JOBS_VERSION: string | undefined

/** The version in package.json, which the bundle has built in. */
export function ownVersion(): string {
  if (typeof AGENT_JOBS_VERSION === 'string') return AGENT_JOBS_VERSION
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}
