import { forbidden, type ResourceName } from '../api-error.ts'
import type { Cluster } from '../cluster.ts'
import { clusterRole, clusterRoleBinding, role, roleBinding } from '../kinds/access.ts'
import type { KubeObject } from '../types.ts'
import type { User } from './user.ts'

/** A requested action. */
export interface AccessRequest {
  verb: string
  group: string
  resource: string
  subresource?: string | undefined
  namespace?: string | undefined
  name?: string | undefined
  /** A path such as /version instead of a resource. */
  path?: string
}

interface PolicyRule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

interface Subject {
  kind: string
  name: string
  namespace?: string
}

const matches = (list: string[] | undefined, value: string) =>
  list !== undefined && (list.includes('*') || list.includes(value))

function ruleAllows(rule: PolicyRule, want: AccessRequest): boolean {
  if (!matches(rule.verbs, want.verb)) return false
  if (want.path !== undefined) {
    return (rule.nonResourceURLs ?? []).some((url) =>
      url.endsWith('*') ? want.path?.startsWith(url.slice(0, -1)) : url === want.path,
    )
  }
  const name = want.subresource === undefined ? want.resource : `${want.resource}/${want.subresource}`
  const resourceFits =
    matches(rule.resources, name) ||
    (want.subresource !== undefined && (rule.resources ?? []).includes(`*/${want.subresource}`))
  if (!matches(rule.apiGroups, want.group) || !resourceFits) return false
  const names = rule.resourceNames ?? []
  return names.length === 0 || (want.name !== undefined && names.includes(want.name))
}

function isSubject(subject: Subject, user: User, bindingNamespace: string | undefined): boolean {
  if (subject.kind === 'User') return subject.name === user.name
  if (subject.kind === 'Group') return user.groups.includes(subject.name)
  return user.name === `system:serviceaccount:${subject.namespace ?? bindingNamespace}:${subject.name}`
}

/** Every authenticated user may discover the API and review their own access. */
const discovery: PolicyRule[] = [
  {
    verbs: ['get'],
    nonResourceURLs: [
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/readyz',
      '/openapi',
      '/openapi/*',
      '/version',
      '/version/',
    ],
  },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
]
const probes: PolicyRule[] = [
  { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] },
]

/** The rules that hold for a user in a namespace. */
export function rulesFor(cluster: Cluster, user: User, namespace: string | undefined): PolicyRule[] {
  if (user.groups.includes('system:masters')) {
    return [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ]
  }
  const rules = user.groups.includes('system:authenticated') ? [...discovery] : [...probes]
  const take = (binding: KubeObject, inNamespace: string | undefined) => {
    const subjects = (binding['subjects'] ?? []) as Subject[]
    if (!subjects.some((subject) => isSubject(subject, user, inNamespace))) return
    const ref = binding['roleRef'] as { kind: string; name: string }
    const found =
      ref.kind === 'Role'
        ? cluster.objects.get(role, inNamespace, ref.name)
        : cluster.objects.get(clusterRole, undefined, ref.name)
    rules.push(...((found?.['rules'] ?? []) as PolicyRule[]))
  }
  for (const binding of cluster.objects.list(clusterRoleBinding)) take(binding, undefined)
  if (namespace !== undefined)
    for (const binding of cluster.objects.list(roleBinding, namespace)) take(binding, namespace)
  return rules
}

export const isAllowed = (cluster: Cluster, user: User, want: AccessRequest) =>
  rulesFor(cluster, user, want.namespace).some((rule) => ruleAllows(rule, want))

/** Throws the 403 of the real server when the user may not. */
export function authorize(cluster: Cluster, user: User, want: AccessRequest, definition?: ResourceName): void {
  if (isAllowed(cluster, user, want)) return
  if (want.path !== undefined || definition === undefined) {
    throw forbidden(
      { group: '', plural: 'forbidden', kind: '' },
      undefined,
      `User "${user.name}" cannot ${want.verb} path "${want.path}"`,
    )
  }
  const resource = want.subresource === undefined ? want.resource : `${want.resource}/${want.subresource}`
  const where = want.namespace === undefined ? ' at the cluster scope' : ` in the namespace "${want.namespace}"`
  throw forbidden(
    definition,
    want.name,
    `User "${user.name}" cannot ${want.verb} resource "${resource}" in API group "${want.group}"${where}`,
  )
}
