import { isRecord } from '../settings/loose-text.ts'

// Without a connection, Paperclip copies these from its own process into the run's variables
// (docs/paperclip-facts.md#managed-github-credentials). An author's name is not secret and is not a file name.
const copied =
  /^(?:GH_TOKEN|GITHUB_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN|PAPERCLIP_GIT_TOKEN|GH_CONFIG_DIR|GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|(?:KEY|VALUE)_\d+)|GIT_ASKPASS|SSH_ASKPASS|SSH_AUTH_SOCK|GIT_SSH_COMMAND|GIT_SSH)$/

/**
 * The run's variables without the git credentials that Paperclip copied from its own process: what the server may do at
 * GitHub reaches agents only if the operator allows the variable, like everything else that is the server's.
 */
export function withoutServerGit({
  configured,
  own,
  server,
}: {
  /** `config.env` of the run. */
  configured: unknown
  /** `env` of the agent's own settings: what is named here is the user's. */
  own: unknown
  /** The server's environment. */
  server: Readonly<Record<string, string | undefined>>
}): { env: unknown; withheld: string[] } {
  if (!isRecord(configured) || configured['PAPERCLIP_GITHUB_AUTH_MODE'] !== 'host')
    return { env: configured, withheld: [] }
  const isServers = (name: string, value: unknown): boolean =>
    copied.test(name) && value === server[name] && !(isRecord(own) && name in own)
  const entries = Object.entries(configured)
  return {
    env: Object.fromEntries(entries.filter(([name, value]) => !isServers(name, value))),
    withheld: entries.flatMap(([name, value]) => (isServers(name, value) ? [name] : [])),
  }
}
