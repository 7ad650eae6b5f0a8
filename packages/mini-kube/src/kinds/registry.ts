import {
  clusterRole,
  clusterRoleBinding,
  role,
  roleBinding,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
} from './access.ts'
import {
  configMap,
  event,
  lease,
  namespace,
  node,
  persistentVolumeClaim,
  resourceQuota,
  secret,
  serviceAccount,
} from './core.ts'
import { job } from './job.ts'
import { pod } from './pod.ts'
import { groupVersion, type ResourceDefinition } from './resource-definition.ts'

/** Every kind this cluster serves; other kinds get the real server's answer for unknown kinds. */
export const resources: readonly ResourceDefinition[] = [
  configMap,
  event,
  namespace,
  node,
  persistentVolumeClaim,
  pod,
  resourceQuota,
  secret,
  serviceAccount,
  job,
  lease,
  clusterRole,
  clusterRoleBinding,
  role,
  roleBinding,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  selfSubjectReview,
]

const byPath = new Map(resources.map((resource) => [`${groupVersion(resource)}/${resource.plural}`, resource]))
const byKind = new Map(resources.map((resource) => [`${groupVersion(resource)}/${resource.kind}`, resource]))

export const findResource = (version: string, plural: string) => byPath.get(`${version}/${plural}`)
export const findKind = (apiVersion: string, kind: string) => byKind.get(`${apiVersion}/${kind}`)
export const groupVersions = () => [...new Set(resources.map(groupVersion))]
