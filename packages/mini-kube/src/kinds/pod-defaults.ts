import { fieldInvalid, fieldRequired, fieldUnsupported, type StatusCause } from '../api-error.ts'
import { randomSuffix } from '../names.ts'
import type { Container, Pod, PodSpec } from '../types.ts'

const defaultTag = (image: string) => {
  const last = image.split('/').at(-1) ?? ''
  return last.includes('@') ? false : !last.includes(':') || last.endsWith(':latest')
}

function defaultContainer(container: Container): void {
  container.resources ??= {}
  const { requests, limits } = container.resources
  if (limits !== undefined) container.resources.requests = { ...limits, ...requests }
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.imagePullPolicy ??= defaultTag(container.image ?? '') ? 'Always' : 'IfNotPresent'
}

/** The defaults that both a Pod and a Job's template get from the API server. */
export function defaultPodSpec(spec: PodSpec): void {
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) defaultContainer(container)
  for (const volume of spec.volumes ?? []) {
    if (volume.secret !== undefined) volume.secret.defaultMode ??= 420
    if (volume.configMap !== undefined) volume.configMap.defaultMode ??= 420
    if (volume.projected !== undefined) volume.projected.defaultMode ??= 420
    if (volume.hostPath !== undefined) volume.hostPath.type ??= ''
  }
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec['dnsPolicy'] ??= 'ClusterFirst'
  spec.securityContext ??= {}
  spec['schedulerName'] ??= 'default-scheduler'
}

/** `Guaranteed`, `Burstable` or `BestEffort`, by the rule of the API server. */
export function qosClass(spec: PodSpec): string {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const has = (map: Record<string, string> | undefined) => map !== undefined && ('cpu' in map || 'memory' in map)
  if (!containers.some((c) => has(c.resources?.requests) || has(c.resources?.limits))) return 'BestEffort'
  const guaranteed = containers.every(({ resources }) =>
    (['cpu', 'memory'] as const).every((name) => {
      const limit = resources?.limits?.[name]
      return limit !== undefined && (resources?.requests?.[name] ?? limit) === limit
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

const notReadyTolerations = ['not-ready', 'unreachable'].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}))

/** What the admission plug-ins of a real cluster add to a new Pod. */
export function admitPod(pod: Pod, random: () => number, automount: boolean): void {
  const { spec } = pod
  spec.serviceAccountName ??= 'default'
  spec['serviceAccount'] = spec.serviceAccountName
  if (spec.automountServiceAccountToken ?? automount) mountToken(spec, random)
  const tolerations = spec.tolerations ?? []
  const missing = notReadyTolerations.filter(
    (own) => !tolerations.some((t) => t.key === own.key && (t.effect ?? own.effect) === own.effect),
  )
  spec.tolerations = [...tolerations, ...missing]
  spec.priority ??= 0
  spec['enableServiceLinks'] ??= true
  spec['preemptionPolicy'] ??= 'PreemptLowerPriority'
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'

function mountToken(spec: PodSpec, random: () => number): void {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const open = containers.filter((c) => !(c.volumeMounts ?? []).some((m) => m.mountPath === tokenPath))
  if (open.length === 0) return
  const name = `kube-api-access-${randomSuffix(random)}`
  for (const container of open) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: tokenPath }]
  }
  spec.volumes = [
    ...(spec.volumes ?? []),
    {
      name,
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
        defaultMode: 420,
      },
    },
  ]
}

const isLabel = (name: string) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)
const labelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

function validateContainers(containers: Container[], path: string, volumes: Set<string>): StatusCause[] {
  const seen = new Set<string>()
  return containers.flatMap((container, index) => {
    const at = `${path}[${index}]`
    const causes: StatusCause[] = []
    if (!container.name) causes.push(fieldRequired(`${at}.name`))
    else if (!isLabel(container.name)) causes.push(fieldInvalid(`${at}.name`, container.name, labelMessage))
    else if (seen.has(container.name)) {
      causes.push({
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: "${container.name}"`,
        field: `${at}.name`,
      })
    }
    seen.add(container.name)
    if (!container.image) causes.push(fieldRequired(`${at}.image`))
    for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
      if (!volumes.has(mount.name)) {
        causes.push({
          reason: 'FieldValueNotFound',
          message: `Not found: "${mount.name}"`,
          field: `${at}.volumeMounts[${i}].name`,
        })
      }
    }
    return causes
  })
}

/** The checks of a pod's specification that clients of these packages meet. */
export function validatePodSpec(spec: PodSpec | undefined, path: string): StatusCause[] {
  if (spec === undefined || typeof spec !== 'object') return [fieldRequired(path)]
  const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name))
  const containers = Array.isArray(spec.containers) ? spec.containers : []
  const causes: StatusCause[] = []
  if (containers.length === 0) causes.push(fieldRequired(`${path}.containers`))
  causes.push(...validateContainers(containers, `${path}.containers`, volumes))
  causes.push(...validateContainers(spec.initContainers ?? [], `${path}.initContainers`, volumes))
  if (spec.restartPolicy !== undefined && !['Always', 'OnFailure', 'Never'].includes(spec.restartPolicy)) {
    causes.push(fieldUnsupported(`${path}.restartPolicy`, spec.restartPolicy, ['Always', 'Never', 'OnFailure']))
  }
  const grace = spec.terminationGracePeriodSeconds
  if (grace !== undefined && grace < 0) {
    causes.push(fieldInvalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'))
  }
  if (spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds < 1) {
    causes.push(
      fieldInvalid(
        `${path}.activeDeadlineSeconds`,
        spec.activeDeadlineSeconds,
        'must be between 1 and 2147483647, inclusive',
      ),
    )
  }
  return causes
}
