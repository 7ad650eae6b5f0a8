import { ownVersion } from '../version.ts'

/** The default image of `run`: the agents' command lines, node, git, bash, ripgrep; of this program's version. */
export function defaultImage(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['AGENT_JOBS_IMAGE']
  if (own !== undefined && own !== '') return own
  const version = ownVersion()
  return `ghcr.io/agent-jobs/agent:${version === '0.0.0' ? 'latest' : version}`
}
