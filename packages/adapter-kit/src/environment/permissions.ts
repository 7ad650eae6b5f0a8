import { kinds, type KubeClient } from '@agent-jobs/kube-api'

/** One thing that the adapter does in a namespace. */
export interface Permission {
  group: '' | 'batch' | 'kueue.x-k8s.io' | 'visibility.kueue.x-k8s.io'
  resource: string
  subresource?: string
  verb: string
  /** What fails without it. */
  need: string
  /** False when runs work without it. */
  required: boolean
  /** True when it is used only where agents share the namespace of the server. */
  sharedNamespaceOnly?: true
}

const of = (
  group: Permission['group'],
  resource: string,
  verbs: Record<string, string>,
  required = true,
): Permission[] => Object.entries(verbs).map(([verb, need]) => ({ group, resource, verb, need, required }))

/** Every permission that is used; the Role in the README is generated from this list. */
export const permissions: readonly Permission[] = [
  ...of('batch', 'jobs', {
    create: 'start runs',
    get: 'follow and adopt runs',
    list: 'see whether the agent is still at work',
    watch: 'follow runs',
    patch: 'note who cancelled a run',
    delete: 'cancel runs and clean up after them',
  }),
  ...of('', 'pods', {
    get: "read the server's own pod and the pods of runs",
    list: 'find the pods of runs',
    watch: 'follow the pods of runs',
    delete: 'stop a run in order',
  }),
  { group: '', resource: 'pods', subresource: 'log', verb: 'get', need: "read the agents' output", required: true },
  ...of('', 'pods', { patch: 'keep the log of a cancelled run, and end sidecars that outlive their run' }, false),
  ...of(
    'kueue.x-k8s.io',
    'workloads',
    { list: 'say why a run waits in its queue', watch: 'say why a run waits in its queue' },
    false,
  ),
  ...of(
    'visibility.kueue.x-k8s.io',
    'localqueues/pendingworkloads',
    { get: 'say the place of a run in its queue' },
    false,
  ),
  ...of('', 'secrets', {
    create: 'hand prompt and credentials to a run, and lock the agent',
    get: 'see who holds the lock',
    patch: 'tie the Secret of a run to its Job',
    delete: 'let go of the lock',
  }),
  ...of('', 'events', { list: 'say why a pod does not start', watch: 'say why a pod does not start' }),
  ...of('', 'persistentvolumeclaims', { get: 'check the data volume' }, false),
  {
    group: '',
    resource: 'configmaps',
    verb: 'get',
    need: 'pass on variables that the server has from ConfigMaps',
    required: false,
    // Elsewhere those ConfigMaps are not valid, and the values of the server's own environment are passed on.
    sharedNamespaceOnly: true,
  },
  ...of('', 'namespaces', { get: "see the namespace's PodSecurity level" }, false),
  ...of('', 'resourcequotas', { list: 'say that a quota has nothing left' }, false),
]

/** What `dedicated_pvc` of OpenCode needs in addition. */
export const dedicatedClaimPermissions: readonly Permission[] = of('', 'persistentvolumeclaims', {
  create: "make the claim of an agent's own database",
})

/** Asks the API server which of the permissions it grants. */
export async function missingPermissions(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
  wanted: readonly Permission[] = permissions,
): Promise<Permission[]> {
  const answers = await Promise.all(
    wanted.map(async (permission) => {
      const { group, resource, subresource, verb } = permission
      const review = await client.create(
        kinds.SelfSubjectAccessReview,
        { spec: { resourceAttributes: { namespace, group, resource, verb, ...(subresource ? { subresource } : {}) } } },
        { signal },
      )
      return review.status?.allowed === true ? null : permission
    }),
  )
  return answers.filter((permission) => permission !== null)
}

/** The rules of a Role that grants all of it, one for each resource. */
export function roleRules(
  granted: readonly Permission[] = permissions,
): { apiGroups: string[]; resources: string[]; verbs: string[] }[] {
  const rules = new Map<string, ReturnType<typeof roleRules>[number]>()
  for (const { group, resource, subresource, verb } of granted) {
    const full = subresource ? `${resource}/${subresource}` : resource
    const rule = rules.get(full) ?? { apiGroups: [group], resources: [full], verbs: [] }
    rule.verbs.push(verb)
    rules.set(full, rule)
  }
  return [...rules.values()]
}

/** The Role that grants all of it, as YAML. */
export function roleYaml(name = 'agent-jobs'): string {
  const lines = roleRules().map(
    ({ apiGroups: [group], resources: [resource], verbs }) =>
      `  - { apiGroups: ['${group}'], resources: ['${resource}'], verbs: [${verbs.join(', ')}] }`,
  )
  return [
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: Role',
    `metadata: { name: ${name} }`,
    'rules:',
    ...lines,
  ].join('\n')
}
