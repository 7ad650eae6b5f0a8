/** What running agents takes, as Kubernetes' RBAC names it. */
export interface NeededPermission {
  readonly group: string
  readonly resource: string
  readonly verbs: readonly string[]
  /** What does not work without it. */
  readonly for: string
}

/** What `run`, `logs`, `wait`, `ps`, `describe` and `cancel` do in the namespace of the Jobs. */
export const neededPermissions: readonly NeededPermission[] = [
  { group: 'batch', resource: 'jobs', verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'], for: 'run' },
  { group: '', resource: 'pods', verbs: ['get', 'list', 'watch', 'patch', 'delete'], for: 'run' },
  { group: '', resource: 'pods/log', verbs: ['get'], for: 'run and logs' },
  { group: '', resource: 'secrets', verbs: ['create', 'get', 'list', 'patch', 'delete'], for: 'run' },
  { group: '', resource: 'events', verbs: ['list', 'watch'], for: 'describe' },
]

/** kubectl commands that grant what is missing to someone. */
export function grantCommands(
  missing: readonly { group: string; resource: string; verb: string }[],
  { namespace, subject }: { namespace: string; subject: string },
): string {
  const byResource = new Map<string, string[]>()
  for (const { group, resource, verb } of missing) {
    // kubectl writes group and subresource as `jobs.batch` and `pods/log`.
    const name = group === '' ? resource : `${resource}.${group}`
    byResource.set(name, [...(byResource.get(name) ?? []), verb])
  }
  const roles = [...byResource].map(([name, verbs]) => {
    const role = `agent-jobs-${name.replaceAll(/[^a-z]/g, '-')}`
    return `kubectl create role ${role} -n ${namespace} --verb=${verbs.join(',')} --resource=${name} && kubectl create rolebinding ${role} -n ${namespace} --role=${role} ${subject}`
  })
  return roles.join('\n    ')
}
