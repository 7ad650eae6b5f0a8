// Variables that Paperclip blanks on its own host, where its git wrapper sets them again
// (docs/paperclip-facts.md#variables-of-the-servers-host).
const blanked =
  /^(?:GH_TOKEN|GITHUB_TOKEN|GH_ENTERPRISE_TOKEN|GITHUB_ENTERPRISE_TOKEN|PAPERCLIP_GIT_TOKEN|GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL)|GIT_CONFIG_(?:COUNT|(?:KEY|VALUE)_\d+)|GIT_ASKPASS|SSH_ASKPASS|SSH_AUTH_SOCK)$/
const nowhere = /^GIT_CONFIG_(?:GLOBAL|SYSTEM)$/
const ofBroker = /^(?:PAPERCLIP_GITHUB_|GIT_CONFIG_NOSYSTEM$)/

/**
 * Leaves out the variables by which Paperclip keeps git on its own host from any identity. Its wrapper, which would give one
 * back, is not in the pod, and git refuses to commit with an empty author. The agent then commits under its own name.
 */
export function leaveOutHostGit(variables: Record<string, string>, agent: { id: string; name: string }): void {
  const isManaged = 'PAPERCLIP_GITHUB_BROKER_TOKEN' in variables || 'PAPERCLIP_GITHUB_AUTH_MODE' in variables
  if (!isManaged) return
  const wasBlanked = variables['GIT_AUTHOR_NAME'] === ''
  for (const [name, value] of Object.entries(variables)) {
    const isUseless =
      ofBroker.test(name) ||
      (blanked.test(name) && value === '') ||
      (nowhere.test(name) && value === '/dev/null') ||
      (name === 'GIT_SSH_COMMAND' && value.includes('IdentityFile=none'))
    if (isUseless) delete variables[name]
  }
  if (!wasBlanked) return
  for (const role of ['AUTHOR', 'COMMITTER']) {
    variables[`GIT_${role}_NAME`] ??= agent.name
    variables[`GIT_${role}_EMAIL`] ??= `${agent.id}@agents.invalid`
  }
}
