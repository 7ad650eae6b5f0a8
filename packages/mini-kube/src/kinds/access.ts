import { fieldRequired, fieldUnsupported, type StatusCause } from '../api-error.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import { ageColumn, defineResource, nameColumn } from './resource-definition.ts'

const rbac = { group: 'rbac.authorization.k8s.io' }
const created = {
  name: 'Created At',
  type: 'date' as const,
  value: (object: { metadata: { creationTimestamp: string } }) => object.metadata.creationTimestamp,
}
const roleOf = (object: JsonObject) => {
  const ref = object['roleRef'] as { kind?: string; name?: string } | undefined
  return `${ref?.kind}/${ref?.name}`
}
interface Rule {
  verbs?: string[]
  apiGroups?: string[]
  resources?: string[]
  nonResourceURLs?: string[]
}

function validateRules(object: KubeObject): StatusCause[] {
  return ((object['rules'] ?? []) as Rule[]).flatMap(
    ({ verbs = [], apiGroups = [], resources = [], ...rule }, index) => {
      const at = `rules[${index}]`
      const causes: StatusCause[] = []
      if (verbs.length === 0) causes.push(fieldRequired(`${at}.verbs`, 'verbs must contain at least one value'))
      if ((rule.nonResourceURLs ?? []).length > 0) return causes
      if (apiGroups.length === 0)
        causes.push(fieldRequired(`${at}.apiGroups`, 'resource rules must supply at least one api group'))
      if (resources.length === 0)
        causes.push(fieldRequired(`${at}.resources`, 'resource rules must supply at least one resource'))
      return causes
    },
  )
}

const binding = {
  validate: (object: KubeObject): StatusCause[] => {
    const { kind = '', name } = (object['roleRef'] ?? {}) as { kind?: string; name?: string }
    const kinds = object.kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole']
    return [
      ...(kinds.includes(kind) ? [] : [fieldUnsupported('roleRef.kind', kind, kinds)]),
      ...(name ? [] : [fieldRequired('roleRef.name')]),
    ]
  },
  columns: [nameColumn, { name: 'Role', type: 'string' as const, value: roleOf }, ageColumn],
  prepareCreate: (object: JsonObject) => {
    const ref = object['roleRef'] as JsonObject | undefined
    if (ref !== undefined) ref['apiGroup'] ??= 'rbac.authorization.k8s.io'
    for (const subject of (object['subjects'] ?? []) as JsonObject[]) {
      if (subject['kind'] !== 'ServiceAccount') subject['apiGroup'] ??= 'rbac.authorization.k8s.io'
    }
  },
}

export const role = defineResource({
  ...rbac,
  validate: validateRules,
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  columns: [nameColumn, created],
})
export const clusterRole = defineResource({
  ...rbac,
  validate: validateRules,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  singular: 'clusterrole',
  namespaced: false,
  columns: [nameColumn, created],
})
export const roleBinding = defineResource({
  ...rbac,
  ...binding,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  singular: 'rolebinding',
})
export const clusterRoleBinding = defineResource({
  ...rbac,
  ...binding,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  namespaced: false,
})

const posted = { stored: false, verbs: ['create'] }

export const selfSubjectAccessReview = defineResource({
  ...posted,
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  namespaced: false,
})
export const selfSubjectRulesReview = defineResource({
  ...posted,
  group: 'authorization.k8s.io',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  singular: 'selfsubjectrulesreview',
  namespaced: false,
})
export const selfSubjectReview = defineResource({
  ...posted,
  group: 'authentication.k8s.io',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  singular: 'selfsubjectreview',
  namespaced: false,
})
