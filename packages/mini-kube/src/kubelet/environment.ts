import { configMap, secret } from '../kinds/core.ts'
import type { Objects } from '../store/objects.ts'
import type { Container, EnvVar, KubeObject, Pod, ResourceFieldRef } from '../types.ts'

/** A container that cannot be configured yet: it waits with CreateContainerConfigError until this heals. */
export class ConfigError extends Error {
  readonly reason = 'CreateContainerConfigError'
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}

const decode = (value: string) => Buffer.from(value, 'base64').toString('utf8')

interface Place {
  objects: Objects
  pod: Pod
  hostIP: string
  /** What the node has for its pods. */
  allocatable: Record<string, string>
}

/** One container of a pod, main or init. */
export const namedContainer = ({ spec }: Pod, name: string | undefined): Container | undefined =>
  [...spec.containers, ...(spec.initContainers ?? [])].find((one) => one.name === name)

function dataOf(
  place: Place,
  kind: 'secret' | 'configmap',
  name: string,
  optional: boolean,
): Record<string, string> | undefined {
  const namespace = place.pod.metadata.namespace
  const found: KubeObject | undefined = place.objects.get(kind === 'secret' ? secret : configMap, namespace, name)
  if (found === undefined) {
    if (optional) return undefined
    throw new ConfigError(`${kind} "${name}" not found`)
  }
  const data = (found['data'] ?? {}) as Record<string, string>
  if (kind === 'configmap') return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]))
}

const quote = (map: Record<string, string> | undefined) =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')

/** The value of a downward API field, undefined for one that does not exist. */
export function fieldValue(pod: Pod, path: string, hostIP: string): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (keyed !== null) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name
    case 'metadata.namespace':
      return pod.metadata.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata.uid
    case 'metadata.labels':
      return quote(pod.metadata.labels)
    case 'metadata.annotations':
      return quote(pod.metadata.annotations)
    case 'spec.nodeName':
      return pod.spec.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? ''
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIP
    case 'status.podIP':
    case 'status.podIPs':
      return pod.status.podIP ?? '127.0.0.1'
    default:
      return undefined
  }
}

const binary: Record<string, number> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  m: 1e-3,
}

/** A quantity as a number: `500m`, `2Gi`, `1e3`. */
export function quantity(text: string | number | undefined): number {
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(String(text ?? '0'))
  if (match === null) return Number.NaN
  return Number(match[1]) * (match[2] === '' ? 1 : (binary[match[2] ?? ''] ?? Number.NaN))
}

/** A container's own amount in units of the divisor, rounded up; the whole node's where it names no limit. */
export function resourceValue(
  container: Container | undefined,
  { resource, divisor }: ResourceFieldRef,
  allocatable: Record<string, string> = {},
): string {
  const [kind = '', name = ''] = resource.split('.')
  const own = container?.resources?.[kind as 'limits' | 'requests']?.[name]
  const value = quantity(own ?? (kind === 'limits' ? allocatable[name] : '0'))
  const unit = quantity(divisor)
  // In thousandths, of which amounts and divisors are whole numbers: floating point would round some of them up twice.
  return String(Math.ceil(Math.round(value * 1_000) / Math.round((unit || 1) * 1_000)))
}

function valueOf(place: Place, container: Container, variable: EnvVar): string | undefined {
  const { value, valueFrom } = variable
  if (valueFrom === undefined) return value ?? ''
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom
  const ref = secretKeyRef ?? configMapKeyRef
  if (ref !== undefined) {
    const kind = secretKeyRef === undefined ? 'configmap' : 'secret'
    const data = dataOf(place, kind, ref.name ?? '', ref.optional === true)
    const found = data?.[ref.key]
    if (found === undefined && ref.optional !== true) {
      const where = `${place.pod.metadata.namespace}/${ref.name}`
      throw new ConfigError(`couldn't find key ${ref.key} in ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${where}`)
    }
    return found
  }
  if (fieldRef !== undefined) return fieldValue(place.pod, fieldRef.fieldPath, place.hostIP)
  if (resourceFieldRef !== undefined) {
    const { containerName = container.name } = resourceFieldRef
    return resourceValue(namedContainer(place.pod, containerName), resourceFieldRef, place.allocatable)
  }
  return ''
}

/** `$(NAME)` becomes the variable's value when it is known, `$$` a dollar. */
export const expand = (text: string, env: Record<string, string>) =>
  text.replaceAll(/\$\$|\$\(([^)]+)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? match),
  )

/** The container's own variables, envFrom first, as the kubelet makes them. */
export function containerEnvironment(place: Place, container: Container): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const ref = secretRef ?? configMapRef
    const data = dataOf(
      place,
      secretRef === undefined ? 'configmap' : 'secret',
      ref?.name ?? '',
      ref?.optional === true,
    )
    for (const [key, value] of Object.entries(data ?? {})) env[`${prefix}${key}`] = value
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(place, container, variable)
    if (value !== undefined) env[variable.name] = variable.valueFrom === undefined ? expand(value, env) : value
  }
  return env
}
