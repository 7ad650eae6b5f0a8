import type {
  V1Container,
  V1EnvFromSource,
  V1EnvVar,
  V1Pod,
  V1PodDNSConfig,
  V1Toleration,
} from '@kubernetes/client-node'
import { AdapterError } from '../adapter-error.ts'
import { authorityNames, isPlain, judgeInherited, type EnvPolicy, type WithheldReason } from './env-policy.ts'
import { serverFiles, type InheritedVolume, type ServerFiles } from './inherited-paths.ts'

/** What an agent pod inherits from the pod of the Paperclip server. */
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
  /** Volumes of the server that agents get: what the operator allows, and what holds the CA that a variable names. */
  volumes: InheritedVolume[]
  env: InheritedEnv
}

/** The server's environment, split by how it may be used. */
export interface InheritedEnv {
  /** Literals that may be part of a Job: locale and the like. */
  plain: Record<string, string>
  /** Literals that go to the run's Secret. */
  sensitive: Record<string, string>
  /** Variables that refer to a Secret, ConfigMap or field; they stay references. */
  references: V1EnvVar[]
  /** Whole sources; the caller narrows them to allowed keys. */
  sources: V1EnvFromSource[]
  /** Names that were held back, with the reason. */
  withheld: { name: string; reason: WithheldReason }[]
}

/** Options for reading a server's pod. */
export interface InheritOptions {
  policy: EnvPolicy
  /** Where the server mounts the data volume. */
  dataMountPath?: string
  /** The server's own environment: the values behind the pod's references. */
  values?: Readonly<Record<string, string | undefined>>
  /** The agent's image; null for the server's. */
  image?: string | null
  /** Namespace of the agents; the server's by default. Volumes, Secrets and ConfigMaps are valid only in their own. */
  namespace?: string | null
  /** Folders of the server that the agent's pod has at the same path. */
  shared?: readonly string[]
}

/** Picks the server's container: the one called `paperclip`, since a mesh's sidecar may come first. */
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
  // This names the server's container; in the agent's pod the field must mean the agent's own container.
  const { containerName: _containerName, ...own } = field
  return { ...variable, valueFrom: { ...variable.valueFrom, resourceFieldRef: own } }
}

type Values = Readonly<Record<string, string | undefined>>

const isSwitchedOn = (value: string | undefined) => value !== undefined && /^(?:1|true|yes|on)$/i.test(value.trim())

/** Everything that the container was given; for whole sources and the image, only the values are known. */
function variablesOf(container: V1Container, values: Values, isElsewhere: boolean): V1EnvVar[] {
  const named = container.env ?? []
  const rest = Object.entries(values).filter(
    ([name, value]) =>
      value && !named.some((variable) => variable.name === name) && (isElsewhere || authorityNames.includes(name)),
  )
  return [...named, ...rest.map(([name, value]) => ({ name, value: value ?? '' }))]
}

/** Splits a container's environment by the rule. */
function splitEnv(
  container: V1Container,
  { policy, values = {} }: InheritOptions,
  files: ServerFiles,
  isElsewhere: boolean,
): { env: InheritedEnv; volumes: InheritedVolume[] } {
  const split: InheritedEnv = { plain: {}, sensitive: {}, references: [], sources: [], withheld: [] }
  const volumes: InheritedVolume[] = []
  const variables = variablesOf(container, values, isElsewhere)
  const bedrock = isSwitchedOn(
    values['CLAUDE_CODE_USE_BEDROCK'] ?? variables.find(({ name }) => name === 'CLAUDE_CODE_USE_BEDROCK')?.value,
  )
  for (const variable of variables) {
    const { name } = variable
    const value = variable.value ?? values[name]
    const valueFrom = isElsewhere && value !== undefined ? undefined : variable.valueFrom
    const verdict = judgeInherited(name, policy, value, { bedrock })
    const place = verdict.keep ? files.find(value ?? '') : { has: true as const, volume: null }
    if (!verdict.keep) split.withheld.push({ name, reason: verdict.reason })
    else if (!place.has) split.withheld.push({ name, reason: 'path_missing' })
    else if (valueFrom && isElsewhere) split.withheld.push({ name, reason: 'other_namespace' })
    else {
      if (place.volume) volumes.push(place.volume)
      if (valueFrom) split.references.push(withoutContainerName(variable))
      else if (value) (isPlain(name, value) ? split.plain : split.sensitive)[name] = value
    }
  }
  trustSameAuthorities(split)
  split.sources.push(...(isElsewhere ? [] : (container.envFrom ?? [])))
  return { env: split, volumes }
}

const authorities = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'GIT_SSL_CAINFO', 'CURL_CA_BUNDLE', 'AWS_CA_BUNDLE']

/** Node reads only its own variable: make the launcher and agents written in Node trust what curl, Git and Python do. */
function trustSameAuthorities({ sensitive, references }: InheritedEnv): void {
  const has = (name: string) => name in sensitive || references.some((reference) => reference.name === name)
  if (has('NODE_EXTRA_CA_CERTS')) return
  const named = authorities.find((name) => sensitive[name] !== undefined)
  if (named !== undefined) sensitive['NODE_EXTRA_CA_CERTS'] = sensitive[named] ?? ''
}

function dataClaimOf(pod: V1Pod, container: V1Container, dataMountPath: string): PodInheritance['dataClaim'] {
  for (const mount of container.volumeMounts ?? []) {
    if (mount.mountPath.replace(/\/+$/, '') !== dataMountPath) continue
    const claim = pod.spec?.volumes?.find(({ name }) => name === mount.name)?.persistentVolumeClaim
    if (claim) return { name: claim.claimName, subPath: mount.subPath ?? null, readOnly: mount.readOnly ?? false }
  }
  return null
}

/** Reads from the server's own pod what its agents' pods inherit. Pure: the pod in, the data out. */
export function inheritFromPod(pod: V1Pod, options: InheritOptions): PodInheritance {
  const { policy, dataMountPath = '/paperclip', image = null, shared = [] } = options
  const container = serverContainer(pod)
  const pullSecrets = pod.spec?.imagePullSecrets ?? []
  const { namespace } = options
  const isElsewhere = typeof namespace === 'string' && namespace !== pod.metadata?.namespace
  const files = serverFiles({
    pod,
    container,
    allow: policy.allow,
    deny: policy.deny,
    sameImage: image === null || image === container.image,
    shared,
    mountable: !isElsewhere,
  })
  const { env, volumes } = splitEnv(container, options, files, isElsewhere)
  const all = [...files.allowed, ...volumes]
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
    volumes: all.filter(({ volume }, at) => all.findIndex((other) => other.volume.name === volume.name) === at),
    env,
  }
}
