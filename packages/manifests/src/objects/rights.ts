import { dedicatedClaimPermissions, permissions, roleRules, type Permission } from '@agent-jobs/adapter-kit'
import { all, equal, not, releaseNamespace, text, value, when, type Template } from '../template/template.ts'
import { agentNamespace } from './names.ts'

const api = 'rbac.authorization.k8s.io/v1'

function role(name: Template, namespace: Template, rules: Template): Template {
  return { apiVersion: api, kind: 'Role', metadata: { name, namespace }, rules }
}

function binding(name: Template, namespace: Template): Template {
  return {
    apiVersion: api,
    kind: 'RoleBinding',
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name: value('serviceAccount.name'), namespace: releaseNamespace }],
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
const separate = all(value('agents.namespace'), not(equal(value('agents.namespace'), releaseNamespace)))

/** What the adapters do with Jobs, pods and Secrets: the table that the environment test checks. */
export const rights: readonly Template[] = [
  role(runs, agentNamespace, [
    ...rulesOf(permissions),
    ...rulesOf(dedicatedClaimPermissions).map((rule) => when(value('agents.volumeClaims'), rule)),
  ]),
  binding(runs, agentNamespace),
  // Agent pods are modelled on the server's own pod, which is then in another namespace.
  when(separate, role(ownPod, releaseNamespace, [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])),
  when(separate, binding(ownPod, releaseNamespace)),
]

/** Whether agents have a namespace of their own. */
export const hasAgentNamespace = separate
