import { errorMessage } from '@agent-jobs/primitives'
import { isForbidden, isNotFound, kinds } from '@agent-jobs/kube-api'
import type { AdapterEnvironmentTestResult } from '@paperclipai/adapter-utils'
import type { CommonSettings } from '../agent/agent-definition.ts'
import { dataClaim } from '../pod/pod-volumes.ts'
import { isRecord } from '../settings/loose-text.ts'
import type { RunSite } from '../plan/run-site.ts'
import { missingPermissions, permissions, type Permission } from './permissions.ts'

/** One finding of the environment test. */
export type Check = AdapterEnvironmentTestResult['checks'][number]

type Site = RunSite<CommonSettings>

/** The result of a read, or why it failed. */
async function found<T>(
  read: () => Promise<T>,
): Promise<{ object: T } | { reason: 'absent' | 'forbidden'; message: string }> {
  try {
    return { object: await read() }
  } catch (error) {
    if (isNotFound(error)) return { reason: 'absent', message: errorMessage(error) }
    if (isForbidden(error)) return { reason: 'forbidden', message: errorMessage(error) }
    throw error
  }
}

/** Checks each permission by asking for it. */
export async function permissionChecks(
  { cluster, namespace, serverNamespace }: Pick<Site, 'cluster' | 'namespace'> & { serverNamespace: string | null },
  signal: AbortSignal,
  extra: readonly Permission[] = [],
): Promise<Check[]> {
  const used = permissions.filter(
    ({ sharedNamespaceOnly = false }) => !sharedNamespaceOnly || namespace === serverNamespace,
  )
  const missing = await missingPermissions(cluster.client, namespace, signal, [...used, ...extra])
  if (missing.length === 0)
    return [
      {
        code: 'k8s_rbac',
        level: 'info',
        message: `Every permission that runs need is granted in namespace "${namespace}".`,
      },
    ]
  return missing.map(({ resource, subresource, verb, need, required }) => {
    const name = subresource ? `${resource}/${subresource}` : resource
    return {
      code: `k8s_rbac_${(subresource ? `${resource}_${subresource}` : resource).replace(/s$/, '')}_${verb}`,
      level: required ? 'error' : 'warn',
      message: `Not allowed to ${verb} ${name} in namespace "${namespace}"; it takes that to ${need}.`,
      hint: `Grant "${verb}" on ${name} to the server's service account; \`agent-jobs rbac\` prints the whole Role.`,
    }
  })
}

/** True when a sidecar of the settings is privileged. */
function hasPrivileged({ sidecars }: CommonSettings): boolean {
  return sidecars.some(({ securityContext }) => isRecord(securityContext) && securityContext['privileged'] === true)
}

const podSecurity = 'pod-security.kubernetes.io/enforce'

/** Checks the namespace, its PodSecurity level and its quota. */
export async function namespaceChecks({ cluster, namespace, settings }: Site, signal: AbortSignal): Promise<Check[]> {
  const { client } = cluster
  const checks: Check[] = []
  const read = await found(() => client.get(kinds.Namespace, { name: namespace, signal }))
  if ('object' in read) {
    checks.push({ code: 'k8s_namespace_exists', level: 'info', message: `Namespace "${namespace}" exists.` })
    const level = read.object.metadata?.labels?.[podSecurity]
    if (hasPrivileged(settings) && level !== undefined && level !== 'privileged') {
      checks.push({
        code: 'k8s_pod_security',
        level: 'error',
        message: `Namespace "${namespace}" enforces the PodSecurity level "${level}", and a sidecar is privileged.`,
        hint: 'Make the sidecar unprivileged, or use a namespace that enforces "privileged".',
      })
    } else if (level !== undefined) {
      checks.push({
        code: 'k8s_pod_security',
        level: 'info',
        message: `PodSecurity level "${level}" is enforced; agent pods satisfy "restricted".`,
      })
    }
  } else if (read.reason === 'absent') {
    checks.push({
      code: 'k8s_namespace_check_failed',
      level: 'error',
      message: `Namespace "${namespace}" does not exist.`,
      hint: 'Create it, or correct "namespace".',
    })
  }
  if ('reason' in read && read.reason === 'forbidden') {
    checks.push({
      code: 'k8s_namespace_unseen',
      level: 'info',
      message: `Namespace "${namespace}" may not be read, so its PodSecurity level is not known here; agent pods satisfy "restricted"${hasPrivileged(settings) ? ', but a sidecar needs "privileged"' : ''}.`,
      hint: 'The probe pod ("environmentProbe") shows what is enforced; or grant "get" on namespaces.',
    })
  }
  const quotas = await found(() => client.list(kinds.ResourceQuota, { namespace, signal }))
  if ('reason' in quotas) {
    checks.push({
      code: 'k8s_quota_unseen',
      level: 'info',
      message: `Quotas of namespace "${namespace}" may not be read, so it is not known here whether one is used up.`,
      hint: 'The probe pod ("environmentProbe") shows it; or grant "list" on resourcequotas.',
    })
  }
  for (const quota of 'object' in quotas ? quotas.object.items : []) {
    const { hard = {}, used = {} } = quota.status ?? {}
    const full = Object.keys(hard).filter((name) => hard[name] !== undefined && hard[name] === used[name])
    if (full.length > 0) {
      checks.push({
        code: 'k8s_quota',
        level: 'warn',
        message: `Quota "${quota.metadata?.name}" has nothing left of ${full.join(', ')}.`,
        hint: 'Runs will fail with k8s_quota_exceeded until something is freed or the quota is raised.',
      })
    }
  }
  return checks
}

/** Checks the data volume: it exists, several nodes may mount it, and the server sees it too. */
export async function volumeChecks(site: Site, signal: AbortSignal): Promise<Check[]> {
  const { cluster, namespace, settings, inheritance, volume, dataMountPath } = site
  const claim = dataClaim(settings, inheritance, namespace)
  if (claim === null) {
    return [
      {
        code: 'k8s_pvc_not_detected',
        level: 'warn',
        message: 'No data volume for agent pods: no sessions, no skills, no shared workspaces.',
        hint: 'Mount a claim at /paperclip in the server, or name one in "workspaceVolumeClaim".',
      },
    ]
  }
  const checks: Check[] = []
  const read = await found(() =>
    cluster.client.get(kinds.PersistentVolumeClaim, { name: claim.name, namespace, signal }),
  )
  if (!('object' in read)) {
    checks.push({
      code: 'k8s_pvc_check_failed',
      level: read.reason === 'absent' ? 'error' : 'warn',
      message: `Claim "${claim.name}" cannot be read: ${read.message}`,
      hint:
        read.reason === 'absent'
          ? 'Create it, or correct "workspaceVolumeClaim".'
          : 'Grant "get" on persistentvolumeclaims.',
    })
  } else if (read.object.status?.phase !== 'Bound' && read.object.status?.phase !== undefined) {
    checks.push({
      code: 'k8s_pvc_check_failed',
      level: 'warn',
      message: `Claim "${claim.name}" is ${read.object.status.phase}.`,
      hint: 'Look at its events: its storage class must provision it, or bind it with the first pod.',
    })
  } else {
    const shared = read.object.spec?.accessModes?.includes('ReadWriteMany') ?? false
    checks.push(
      shared
        ? { code: 'k8s_pvc_rwx', level: 'info', message: `Claim "${claim.name}" can be mounted by many nodes.` }
        : {
            code: 'k8s_pvc_not_rwx',
            level: 'warn',
            message: `Claim "${claim.name}" is not ReadWriteMany: agent pods start only on the node that has it.`,
            hint: 'Use a storage class with ReadWriteMany, or pin server and agents to one node.',
          },
    )
  }
  if (!volume.covers(dataMountPath)) {
    checks.push({
      code: 'k8s_pvc_not_visible',
      level: 'warn',
      message: `The server has no ${dataMountPath}: it can put no skills there and cannot see whether a session is left.`,
      hint: 'Mount the same claim at the same path in the server.',
    })
  }
  return checks
}

/** Checks the Secret that the user asked to have checked. */
export async function secretChecks({ cluster, namespace, settings }: Site, signal: AbortSignal): Promise<Check[]> {
  const name = settings.secretRef
  if (name === undefined) return []
  const read = await found(() => cluster.client.get(kinds.Secret, { name, namespace, signal }))
  if ('object' in read) return [{ code: 'k8s_secret_exists', level: 'info', message: `Secret "${name}" exists.` }]
  return [
    {
      code: 'k8s_secret_missing',
      level: 'warn',
      message: `Secret "${name}" ${read.reason === 'absent' ? 'does not exist' : 'may not be read'} in namespace "${namespace}".`,
      hint: read.reason === 'absent' ? 'Create it, or correct "secretRef".' : 'Grant "get" on secrets.',
    },
  ]
}
