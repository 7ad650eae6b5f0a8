import { dedicatedClaimPermissions, permissions, roleRules, type Permission } from '@agent-jobs/adapter-kit/permissions'
import { not, releaseNamespace, text, value, when, type Template } from '../template/template.ts'
import { agentNamespace, hasAgentNamespace } from './names.ts'

const api = 'rbac.authorization.k8s.io/v1'

type Map = Readonly<Record<string, Template>>

/** A Role, or a ClusterRole for one without a namespace. */
export function role(metadata: Map, rules: Template): Template {
  return { apiVersion: api, kind: 'namespace' in metadata ? 'Role' : 'ClusterRole', metadata, rules }
}

/** Grants a service account of the release's namespace the role of the same name. */
export function binding(metadata: Map & { name: Template }, account: Template): Template {
  const kind = 'namespace' in metadata ? 'Role' : 'ClusterRole'
  return {
    apiVersion: api,
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: releaseNamespace }],
  }
}

const rulesOf = (granted: readonly Permission[]): Template[] =>
  roleRules(granted).map(({ apiGroups, resources, verbs }) => ({ apiGroups, resources, verbs }))

/** The service account of the server. */
export const serviceAccount: Template = when(value('serviceAccount.create'), {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    name: value('serviceAccount.name'),
    namespace: releaseNamespace,
    annotations: when(value('serviceAccount.annotations'), value('serviceAccount.annotations')),
  },
})

const runs = text`${value('name')}-agent-jobs`
const ownPod = text`${value('name')}-own-pod`

const account = value('serviceAccount.name')
const inAgents = { name: runs, namespace: agentNamespace }
const inRelease = { name: ownPod, namespace: releaseNamespace }

/** What the adapters do with Jobs, pods and Secrets: the table that the environment test checks. */
export const rights: readonly Template[] = [
  role(inAgents, [
    ...rulesOf(permissions.filter(({ sharedNamespaceOnly = false }) => !sharedNamespaceOnly)),
    ...rulesOf(permissions.filter(({ sharedNamespaceOnly = false }) => sharedNamespaceOnly)).map((rule) =>
      when(not(hasAgentNamespace), rule),
    ),
    ...rulesOf(dedicatedClaimPermissions).map((rule) => when(value('agents.volumeClaims'), rule)),
  ]),
  binding(inAgents, account),
  // Agent pods are modelled on the server's own pod, which is then in another namespace.
  when(hasAgentNamespace, role(inRelease, [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])),
  when(hasAgentNamespace, binding(inRelease, account)),
]
