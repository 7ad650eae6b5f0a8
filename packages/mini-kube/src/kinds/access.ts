import type { JsonObject } from '../types.ts'
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
const binding = {
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
  kind: 'Role',
  plural: 'roles',
  singular: 'role',
  columns: [nameColumn, created],
})
export const clusterRole = defineResource({
  ...rbac,
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
