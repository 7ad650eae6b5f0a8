import { isWithin } from '@agent-jobs/primitives'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Variables that Paperclip blanks on its own host, where its git wrapper sets them again
// (docs/paperclip-facts.md#managed-github-credentials).
const blanked =
  /^(?:GH_TOKEN|GITHUB_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN|PAPERCLIP_GIT_TOKEN|GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL)|GIT_CONFIG_(?:COUNT|(?:KEY|VALUE)_\d+)|GIT_ASKPASS|SSH_ASKPASS|SSH_AUTH_SOCK)$/
const nowhere = /^GIT_CONFIG_(?:GLOBAL|SYSTEM)$/
const ofServer = /^(?:PAPERCLIP_GITHUB_|PAPERCLIP_GIT_METADATA_ROOTS$|PAPERCLIP_RUNNER_NETWORK_|GIT_CONFIG_NOSYSTEM$)/
const ofShell = /^(?:PATH|ZDOTDIR|BASH_ENV|ENV)$/

/**
 * Leaves out the variables by which Paperclip keeps git on its own host from any identity and points shells to its wrappers
 * there: none of those files is in the pod, and git refuses to commit with an empty author. Nothing is touched where
 * Paperclip did not prepare git.
 */
export function leaveOutHostGit(
  variables: Record<string, string>,
  serverPath: string | undefined = process.env['PATH'],
): void {
  const isPrepared = 'PAPERCLIP_GITHUB_BROKER_TOKEN' in variables || 'PAPERCLIP_GITHUB_AUTH_MODE' in variables
  leaveOutWrappers(variables, serverPath)
  if (!isPrepared) return
  for (const [name, value] of Object.entries(variables)) {
    const isUseless =
      ofServer.test(name) ||
      (blanked.test(name) && value === '') ||
      (nowhere.test(name) && value === '/dev/null') ||
      (name === 'GIT_SSH_COMMAND' && value.includes('IdentityFile=none'))
    if (isUseless) delete variables[name]
  }
}

/** Paperclip puts the folder of its wrappers before a PATH that the user set, or before that of its own process. */
function leaveOutWrappers(variables: Record<string, string>, serverPath: string | undefined): void {
  const folder = variables['PAPERCLIP_GITHUB_LAUNCHER_DIR'] || join(tmpdir(), 'paperclip-github-runtime')
  for (const name of Object.keys(variables).filter((each) => ofShell.test(each))) {
    const parts = (variables[name] ?? '').split(':')
    const others = parts.filter((part) => !isWithin(folder, part))
    if (others.length === parts.length) continue
    const rest = others.join(':')
    if (rest === '' || rest === serverPath) delete variables[name]
    else variables[name] = rest
  }
}
