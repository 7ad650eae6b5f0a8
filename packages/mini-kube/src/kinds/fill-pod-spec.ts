import type { Container, JsonObject, PodSpec, Volume } from '../types.ts'

/** Sets what is missing; what is there, an empty text included where `emptyToo`, stays. */
function fill(target: JsonObject, values: JsonObject, emptyToo = false): void {
  for (const [key, value] of Object.entries(values)) {
    const there = target[key]
    if (there === undefined || there === null || (emptyToo && there === '')) target[key] = value
  }
}

interface Handler {
  httpGet?: JsonObject
  grpc?: JsonObject
}

function fillHandler({ httpGet, grpc }: Handler): void {
  if (httpGet !== undefined) fill(httpGet, { path: '/', scheme: 'HTTP' }, true)
  if (grpc !== undefined) fill(grpc, { service: '' })
}

interface References {
  fieldRef?: { apiVersion?: string }
  resourceFieldRef?: { divisor?: string }
}

function fillReferences({ fieldRef, resourceFieldRef }: References): void {
  if (fieldRef !== undefined) fieldRef.apiVersion ??= 'v1'
  if (resourceFieldRef !== undefined) resourceFieldRef.divisor ??= '0'
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const
const probeDefaults = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }

/** The defaults inside a container: its ports, probes, hooks and references. */
function fillContainer(container: Container, onHost = false): void {
  const { ports = [], lifecycle = {} } = container as { ports?: JsonObject[]; lifecycle?: Record<string, Handler> }
  for (const port of ports) fill(port, { protocol: 'TCP', ...(onHost ? { hostPort: port['containerPort'] } : {}) })
  for (const handler of Object.values(lifecycle)) fillHandler(handler)
  for (const name of probes) {
    const probe = container[name]
    if (probe === undefined) continue
    fillHandler(probe as Handler)
    for (const [key, value] of Object.entries(probeDefaults)) (probe as JsonObject)[key] ||= value
  }
  for (const { valueFrom } of container.env ?? []) fillReferences(valueFrom ?? {})
}

interface Source {
  serviceAccountToken?: JsonObject
  downwardAPI?: { items?: References[] }
}

/** The defaults inside a volume. */
function fillVolume(volume: Volume): void {
  const kinds = Object.keys(volume).filter((key) => key !== 'name')
  if (kinds.length === 0) volume.emptyDir = {}
  const { secret, configMap, projected, downwardAPI, hostPath } = volume
  for (const one of [secret, configMap, projected, downwardAPI]) {
    if (one !== undefined) one.defaultMode ??= 420
  }
  if (hostPath !== undefined) hostPath.type ??= ''
  const sources = (projected?.sources ?? []) as Source[]
  for (const { serviceAccountToken } of sources) {
    if (serviceAccountToken !== undefined) fill(serviceAccountToken, { expirationSeconds: 3_600 })
  }
  for (const items of [downwardAPI?.items ?? [], ...sources.map((source) => source.downwardAPI?.items ?? [])]) {
    for (const item of items) fillReferences(item)
  }
}

/** The defaults of everything in a pod's specification. */
export function fillPodSpec(spec: PodSpec): void {
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])])
    fillContainer(container, spec['hostNetwork'] === true)
  for (const volume of spec.volumes ?? []) fillVolume(volume)
}
