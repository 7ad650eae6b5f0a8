import type {
  CoreV1Event,
  V1ConfigMap,
  V1Job,
  V1Lease,
  V1Namespace,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ResourceQuota,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1SelfSubjectAccessReview,
  V1ServiceAccount,
  V1ObjectMeta,
} from '@kubernetes/client-node'
import { dateFields, type DateFields } from './date-fields.ts'

/** The fields of every Kubernetes object. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: V1ObjectMeta
}

/**
 * Identifies one kind of the API and carries its TypeScript type.
 *
 * @example
 * interface Widget extends KubeObject { spec: { size: number } }
 * const Widget: ResourceKind<Widget> = { apiVersion: 'example.com/v1', kind: 'Widget', plural: 'widgets', namespaced: true }
 */
export interface ResourceKind<T extends KubeObject> {
  /** `v1` for the core group, else `group/version`. */
  readonly apiVersion: string
  readonly kind: string
  /** The lower-case plural in the path. */
  readonly plural: string
  readonly namespaced: boolean
  /** The fields that client-node types as `Date`; they are read as Dates. Without this, times stay strings. */
  readonly dates?: DateFields
  /** Never set: it carries the type of the kind's objects. */
  readonly type?: T
}

function define<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
  { dates = dateFields.other, namespaced = true }: { dates?: DateFields; namespaced?: boolean } = {},
): ResourceKind<T> {
  return { apiVersion, kind, plural, namespaced, dates }
}

/** The kinds needed to run Jobs. Any other kind is one literal of type `ResourceKind`. */
export const kinds = {
  Job: define<V1Job>('batch/v1', 'Job', 'jobs', { dates: dateFields.Job }),
  Pod: define<V1Pod>('v1', 'Pod', 'pods', { dates: dateFields.Pod }),
  Secret: define<V1Secret>('v1', 'Secret', 'secrets'),
  ConfigMap: define<V1ConfigMap>('v1', 'ConfigMap', 'configmaps'),
  PersistentVolumeClaim: define<V1PersistentVolumeClaim>('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', {
    dates: dateFields.PersistentVolumeClaim,
  }),
  Event: define<CoreV1Event>('v1', 'Event', 'events', { dates: dateFields.Event }),
  Namespace: define<V1Namespace>('v1', 'Namespace', 'namespaces', { dates: dateFields.Namespace, namespaced: false }),
  ServiceAccount: define<V1ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts'),
  Lease: define<V1Lease>('coordination.k8s.io/v1', 'Lease', 'leases', { dates: dateFields.Lease }),
  ResourceQuota: define<V1ResourceQuota>('v1', 'ResourceQuota', 'resourcequotas'),
  Node: define<V1Node>('v1', 'Node', 'nodes', { dates: dateFields.Node, namespaced: false }),
  SelfSubjectAccessReview: define<V1SelfSubjectAccessReview>(
    'authorization.k8s.io/v1',
    'SelfSubjectAccessReview',
    'selfsubjectaccessreviews',
    { namespaced: false },
  ),
  Role: define<V1Role>('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  RoleBinding: define<V1RoleBinding>('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
} as const

/** The path of a collection, or of one object in it, on the API server. */
export function resourcePath(
  kind: ResourceKind<KubeObject>,
  { namespace, name }: { namespace?: string | undefined; name?: string | undefined } = {},
): string {
  if (name === '') throw new TypeError(`Expected \`name\` of a ${kind.kind} to be a non-empty string, got an empty one`)
  if (namespace === '') throw new TypeError('Expected `namespace` to be a non-empty string, got an empty one')
  const root = kind.apiVersion.includes('/') ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${scope}/${kind.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`
}
