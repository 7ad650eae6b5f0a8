import type {
  V1Container,
  V1EnvFromSource,
  V1EnvVar,
  V1Pod,
  V1PodDNSConfig,
  V1Toleration,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node'
import { AdapterError } from '../adapter-error.ts'
import { judgeInherited, type EnvPolicy } from './env-policy.ts'

/** What an agent pod takes over from the pod of the Paperclip server. */
export interface PodInheritance {
  namespace: string
  podName: string
  podIp: string | null
  container: string
  image: string | null
  imagePullSecrets: string[]
  dnsConfig: V1PodDNSConfig | null
  nodeSelector: Record<string, string> | null
  tolerations: V1Toleration[] | null
  /** The claim behind the data mount, and the part of it that the server sees. */
  dataClaim: { name: string; subPath: string | null; readOnly: boolean } | null
  secretVolumes: { volume: V1Volume; mounts: V1VolumeMount[] }[]
  env: InheritedEnv
}

/** The server's environment, split by what may be done with it. */
export interface InheritedEnv {
  /** Literals that may stand in a Job. */
  plain: Record<string, string>
  /** Literals that belong into the run's Secret. */
  sensitive: Record<string, string>
  /** Variables that refer to a Secret, ConfigMap or field; they stay references. */
  references: V1EnvVar[]
  /** Whole sources; the caller narrows them to allowed keys. */
  sources: V1EnvFromSource[]
  /** Names that were held back, with the reason. */
  withheld: { name: string; reason: 'denied' | 'server_only' }[]
}

/** Picks the server's container: the one called `paperclip`, since a mesh's sidecar may stand first. */
function serverContainer(pod: V1Pod): V1Container {
  const containers = pod.spec?.containers ?? []
  const chosen = containers.find(({ name }) => name === 'paperclip') ?? containers[0]
  if (!chosen) {
    throw new AdapterError(
      'k8s_self_pod_unusable',
      `Pod ${pod.metadata?.namespace}/${pod.metadata?.name} has no container to take image and environment from.`,
    )
  }
  return chosen
}

function withoutContainerName(variable: V1EnvVar): V1EnvVar {
  const field = variable.valueFrom?.resourceFieldRef
  if (!field?.containerName) return variable
  // The name is of the server's container; in the agent's pod the field means the agent's own container.
  const { containerName: _containerName, ...own } = field
  return { ...variable, valueFrom: { ...variable.valueFrom, resourceFieldRef: own } }
}

/** Splits a container's environment by the rule. */
function splitEnv(container: V1Container, policy: EnvPolicy): InheritedEnv {
  const split: InheritedEnv = { plain: {}, sensitive: {}, references: [], sources: [], withheld: [] }
  for (const variable of container.env ?? []) {
    const { name, value, valueFrom } = variable
    const verdict = judgeInherited(name, policy, value)
    if (!verdict.keep) split.withheld.push({ name, reason: verdict.reason })
    else if (valueFrom) split.references.push(withoutContainerName(variable))
    else if (value) (verdict.sensitive ? split.sensitive : split.plain)[name] = value
  }
  split.sources.push(...(container.envFrom ?? []))
  return split
}

function secretNamesOf(volume: V1Volume): string[] {
  if (volume.secret) return [volume.secret.secretName ?? '']
  return volume.projected?.sources?.flatMap((source) => (source.secret?.name ? [source.secret.name] : [])) ?? []
}

function isServiceAccountMount(mountPath: string): boolean {
  return mountPath.startsWith('/var/run/secrets/kubernetes.io/')
}

function secretVolumesOf(pod: V1Pod, container: V1Container, policy: EnvPolicy): PodInheritance['secretVolumes'] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (!volume.secret && !volume.projected && !volume.csi) return []
    const mounts = (container.volumeMounts ?? [])
      .filter((mount) => mount.name === volume.name && !isServiceAccountMount(mount.mountPath))
      .map((mount) => Object.assign({}, mount, { readOnly: true }))
    const names = secretNamesOf(volume).map((name) => `secret/${name}`)
    const denied = names.some((name) => !judgeInherited(name, policy).keep)
    // A projected volume with the server's own token would hand its API rights to the agent.
    const hasToken = volume.projected?.sources?.some((source) => source.serviceAccountToken) ?? false
    if (mounts.length === 0 || denied || hasToken) return []
    const optional = volume.secret ? { ...volume, secret: { ...volume.secret, optional: true } } : volume
    return [{ volume: optional, mounts }]
  })
}

function dataClaimOf(pod: V1Pod, container: V1Container, dataMountPath: string): PodInheritance['dataClaim'] {
  for (const mount of container.volumeMounts ?? []) {
    if (mount.mountPath.replace(/\/+$/, '') !== dataMountPath) continue
    const claim = pod.spec?.volumes?.find(({ name }) => name === mount.name)?.persistentVolumeClaim
    if (claim) return { name: claim.claimName, subPath: mount.subPath ?? null, readOnly: mount.readOnly ?? false }
  }
  return null
}

/** Reads from the server's own pod what its agents' pods take over. Pure: the pod in, the data out. */
export function inheritFromPod(
  pod: V1Pod,
  { policy, dataMountPath = '/paperclip' }: { policy: EnvPolicy; dataMountPath?: string },
): PodInheritance {
  const container = serverContainer(pod)
  const pullSecrets = pod.spec?.imagePullSecrets ?? []
  return {
    namespace: pod.metadata?.namespace ?? 'default',
    podName: pod.metadata?.name ?? '',
    podIp: pod.status?.podIP ?? null,
    container: container.name,
    image: container.image ?? null,
    imagePullSecrets: pullSecrets.flatMap(({ name }) => (name ? [name] : [])),
    dnsConfig: pod.spec?.dnsConfig ?? null,
    nodeSelector: pod.spec?.nodeSelector ?? null,
    tolerations: pod.spec?.tolerations?.filter(({ key }) => !key?.startsWith('node.kubernetes.io/')) ?? null,
    dataClaim: dataClaimOf(pod, container, dataMountPath),
    secretVolumes: secretVolumesOf(pod, container, policy),
    env: splitEnv(container, policy),
  }
}
