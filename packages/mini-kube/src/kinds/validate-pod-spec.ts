import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldRequired, fieldUnsupported } from '../api-error.ts'
import type { StatusCause } from '../api-error.ts'
import { isLabel, labelMessage } from '../names.ts'
import type { Container, EnvVar, JsonObject, PodSpec, Volume } from '../types.ts'
import { validateResources } from './validate-resources.ts'

const missing = (name: string) => ({ reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(name)}` })

/** One of several values, if one is given. */
function oneOf(value: unknown, supported: string[], field: string): StatusCause[] {
  return value === undefined || supported.includes(String(value)) ? [] : [fieldUnsupported(field, value, supported)]
}

/** A name that is a valid label and unique in its list. */
function uniqueLabel(name: string | undefined, seen: Set<string>, field: string): StatusCause[] {
  if (!name) return [fieldRequired(field)]
  if (!isLabel(name)) return [fieldInvalid(field, name, labelMessage)]
  if (seen.has(name)) return [fieldDuplicate(field, name)]
  seen.add(name)
  return []
}

const sources = {
  secret: (at: string, { secretName }: JsonObject) => (secretName ? [] : [fieldRequired(`${at}.secret.secretName`)]),
  configMap: (at: string, { name }: JsonObject) => (name ? [] : [fieldRequired(`${at}.configMap.name`)]),
  persistentVolumeClaim: (at: string, { claimName }: JsonObject) =>
    claimName ? [] : [fieldRequired(`${at}.persistentVolumeClaim.claimName`)],
  hostPath: (at: string, { path }: JsonObject) => (path ? [] : [fieldRequired(`${at}.hostPath.path`)]),
} as const

/** The kinds of volume in the order in which the server looks for them. */
const order = ['emptyDir', 'hostPath', 'secret', 'persistentVolumeClaim', 'downwardAPI', 'configMap', 'projected']

function validateVolumes(volumes: Volume[], path: string): StatusCause[] {
  const seen = new Set<string>()
  return volumes.flatMap((volume, index) => {
    const at = `${path}[${index}]`
    const rank = (kind: string) => (order.indexOf(kind) + order.length) % order.length
    const kinds = Object.keys(volume)
      .filter((key) => key !== 'name')
      .sort((a, b) => rank(a) - rank(b))
    const [first, ...others] = kinds
    const causes: StatusCause[] = []
    if (first !== undefined) {
      const check = sources[first as keyof typeof sources] as
        | ((at: string, source: JsonObject) => StatusCause[])
        | undefined
      causes.push(...(check?.(at, (volume as unknown as JsonObject)[first] as JsonObject) ?? []))
    }
    for (const kind of others) {
      causes.push(fieldForbidden(`${at}.${kind}`, 'may not specify more than 1 volume type'))
    }
    return [...causes, ...uniqueLabel(volume.name, seen, `${at}.name`)]
  })
}

const podFields = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'metadata.labels',
  'metadata.annotations',
  'spec.nodeName',
  'spec.serviceAccountName',
  'spec.host',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
])

function validateEnv(env: EnvVar[], path: string): StatusCause[] {
  return env.flatMap(({ name, value, valueFrom }, index) => {
    const at = `${path}[${index}]`
    const causes: StatusCause[] = []
    if (!name) causes.push(fieldRequired(`${at}.name`))
    else if (!/^[ -<>-~]+$/.test(name)) {
      const why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
      causes.push(fieldInvalid(`${at}.name`, name, why))
    }
    if (valueFrom === undefined) return causes
    const from = `${at}.valueFrom`
    const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom
    const given = Object.keys(valueFrom).length
    if (fieldRef !== undefined && !podFields.has(fieldRef.fieldPath.replace(/\['.*'\]$/, ''))) {
      const why = `error converting fieldPath: field label not supported: ${fieldRef.fieldPath}`
      causes.push(fieldInvalid(`${from}.fieldRef.fieldPath`, fieldRef.fieldPath, why))
    }
    if (resourceFieldRef !== undefined && !resourceFieldRef.resource)
      causes.push(fieldRequired(`${from}.resourceFieldRef.resource`))
    for (const [kind, ref] of Object.entries({ configMapKeyRef, secretKeyRef })) {
      if (ref !== undefined && !ref.key) causes.push(fieldRequired(`${from}.${kind}.key`))
    }
    if (given === 0) {
      const why =
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
      causes.push(fieldInvalid(from, '', why))
    } else if (value !== undefined && value !== '') {
      causes.push(fieldInvalid(from, '', 'may not be specified when `value` is not empty'))
    } else if (given > 1) causes.push(fieldInvalid(from, '', 'may not have more than one field specified at a time'))
    return causes
  })
}

function validateMounts(container: Container, volumes: Set<string>, path: string): StatusCause[] {
  const seen = new Set<string>()
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath }, index) => {
    const at = `${path}[${index}]`
    const causes: StatusCause[] = []
    if (!name) causes.push(fieldRequired(`${at}.name`))
    else if (!volumes.has(name)) causes.push({ ...missing(name), field: `${at}.name` })
    if (!mountPath) causes.push(fieldRequired(`${at}.mountPath`))
    else if (seen.has(mountPath)) causes.push(fieldInvalid(`${at}.mountPath`, mountPath, 'must be unique'))
    seen.add(mountPath)
    return causes
  })
}

function validatePorts(container: Container, path: string): StatusCause[] {
  const ports = (container as { ports?: { containerPort?: number }[] }).ports ?? []
  return ports.flatMap(({ containerPort = 0 }, index) => {
    const field = `${path}[${index}].containerPort`
    if (containerPort === 0) return [fieldRequired(field)]
    return containerPort > 0 && containerPort < 65_536
      ? []
      : [fieldInvalid(field, containerPort, 'must be between 1 and 65535, inclusive')]
  })
}

function validateContainers(
  containers: Container[],
  path: string,
  volumes: Set<string>,
  seen: Set<string>,
): StatusCause[] {
  return containers.flatMap((container, index) => {
    const at = `${path}[${index}]`
    const { image, env = [], resources } = container
    const causes = uniqueLabel(container.name, seen, `${at}.name`)
    if (!image) causes.push(fieldRequired(`${at}.image`))
    else if (image.trim() !== image) {
      causes.push(fieldInvalid(`${at}.image`, image, 'must not have leading or trailing whitespace'))
    }
    causes.push(
      ...oneOf(container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], `${at}.terminationMessagePolicy`),
      ...validatePorts(container, `${at}.ports`),
      ...validateEnv(env, `${at}.env`),
      ...validateMounts(container, volumes, `${at}.volumeMounts`),
      ...oneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${at}.imagePullPolicy`),
      ...validateResources(resources ?? {}, `${at}.resources`),
    )
    return causes
  })
}

const between = (value: unknown, least: number, field: string): StatusCause[] =>
  typeof value === 'number' && (value < least || value > 2_147_483_647)
    ? [fieldInvalid(field, value, `must be between ${least} and 2147483647, inclusive`)]
    : []

function validateTolerations(spec: PodSpec, path: string): StatusCause[] {
  const causes: StatusCause[] = []
  for (const [index, { operator, effect }] of (spec.tolerations ?? []).entries()) {
    const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
    causes.push(...oneOf(operator || undefined, ['Equal', 'Exists'], `${path}[${index}].operator`))
    causes.push(...oneOf(effect || undefined, effects, `${path}[${index}].effect`))
  }
  return causes
}

/** The server's checks of a pod's specification, with its order and messages, as far as mini-kube supports them. */
export function validatePodSpec(spec: Partial<PodSpec> | undefined, path: string): StatusCause[] {
  const { volumes = [], containers = [], initContainers = [], securityContext } = spec ?? {}
  const known = new Set(volumes.map((volume) => volume.name))
  const seen = new Set<string>()
  const causes = validateVolumes(volumes, `${path}.volumes`)
  if (containers.length === 0) causes.push(fieldRequired(`${path}.containers`))
  causes.push(
    ...validateContainers(containers, `${path}.containers`, known, seen),
    ...validateContainers(initContainers, `${path}.initContainers`, known, seen),
    ...oneOf(spec?.restartPolicy, ['Always', 'OnFailure', 'Never'], `${path}.restartPolicy`),
    ...oneOf(spec?.['dnsPolicy'], ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], `${path}.dnsPolicy`),
  )
  for (const field of ['runAsUser', 'runAsGroup'] as const) {
    causes.push(...between(securityContext?.[field], 0, `${path}.securityContext.${field}`))
  }
  if (spec !== undefined) causes.push(...validateTolerations(spec as PodSpec, `${path}.tolerations`))
  causes.push(...between(spec?.activeDeadlineSeconds, 1, `${path}.activeDeadlineSeconds`))
  return causes
}
