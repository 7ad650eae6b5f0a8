import type { RunRequest } from '@agent-jobs/k8s-job-runner'
import type { V1EnvFromSource, V1EnvVarSource, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { AdapterError } from '../adapter-error.ts'
import type { CommonSettings } from '../agent/agent-definition.ts'
import { isRecord } from '../settings/loose-text.ts'
import type { PodInheritance } from './inherit-from-pod.ts'

/** The configuration that all pods of an agent share: runs, probes and model lists. */
export type PodFields = Pick<
  RunRequest,
  | 'resources'
  | 'scheduling'
  | 'queue'
  | 'podUser'
  | 'podSecurityContext'
  | 'serviceAccountName'
  | 'automountServiceAccountToken'
  | 'pullSecrets'
  | 'dnsPolicy'
  | 'dnsConfig'
  | 'hostAliases'
  | 'podTemplate'
>

function refuse(key: string, problem: string): never {
  throw new AdapterError('invalid_config', `"${key}": ${problem}. Correct it in the agent's settings.`)
}

const present = (fields: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined))

function resourcesOf(settings: CommonSettings): NonNullable<RunRequest['resources']> {
  const of = (kind: 'requests' | 'limits') => ({
    ...present({
      cpu: settings[`resources.${kind}.cpu`],
      memory: settings[`resources.${kind}.memory`],
      'ephemeral-storage': settings[`resources.${kind}.ephemeral-storage`],
    }),
    ...settings.extendedResources,
  })
  return { requests: of('requests'), limits: of('limits') }
}

function schedulingOf(
  settings: CommonSettings,
  inheritance: PodInheritance | null,
): NonNullable<RunRequest['scheduling']> {
  const nodeSelector = settings.nodeSelector ?? inheritance?.nodeSelector
  const tolerations = settings.tolerations ?? inheritance?.tolerations
  const { affinity, topologySpreadConstraints } = settings
  return {
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(tolerations ? { tolerations } : {}),
    ...(affinity ? { affinity } : {}),
    ...(topologySpreadConstraints.length > 0
      ? // The API server checks the rest, and its refusal names the field.
        {
          topologySpreadConstraints: topologySpreadConstraints as unknown as NonNullable<
            RunRequest['scheduling']
          >['topologySpreadConstraints'],
        }
      : {}),
    ...present({
      priorityClassName: settings.priorityClassName,
      runtimeClassName: settings.runtimeClassName,
      schedulerName: settings.schedulerName,
    }),
  } as NonNullable<RunRequest['scheduling']>
}

/** Derives the fields from the settings and from what is inherited. Pure. */
export function podFields(input: {
  settings: CommonSettings
  inheritance: PodInheritance | null
  namespace: string
  /** What `auto` means in this namespace. */
  podUser: 'fixed' | 'platform'
}): PodFields {
  const { settings, inheritance, namespace } = input
  const inherited = inheritance?.namespace === namespace ? inheritance.imagePullSecrets : []
  const pullSecrets = settings.imagePullSecrets.length > 0 ? settings.imagePullSecrets : inherited
  const dnsConfig = settings.dnsConfig ?? inheritance?.dnsConfig
  return {
    resources: resourcesOf(settings),
    scheduling: schedulingOf(settings, inheritance),
    podUser: settings.podUser === 'auto' ? input.podUser : settings.podUser,
    ...(settings.podSecurityContext ? { podSecurityContext: settings.podSecurityContext } : {}),
    ...(settings.serviceAccountToken ? { automountServiceAccountToken: true } : {}),
    ...(pullSecrets.length > 0 ? { pullSecrets } : {}),
    ...(dnsConfig ? { dnsConfig } : {}),
    ...(settings.hostAliases.length > 0
      ? { hostAliases: settings.hostAliases as unknown as NonNullable<RunRequest['hostAliases']> }
      : {}),
    ...(settings.queue === undefined
      ? {}
      : { queue: { name: settings.queue, priorityClass: settings.queuePriorityClass } }),
    ...(settings.podTemplate ? { podTemplate: settings.podTemplate } : {}),
    ...present({
      serviceAccountName: settings.serviceAccountName,
      dnsPolicy: settings.dnsPolicy,
    }),
  }
}

/** Volumes and sidecars of the settings. They never touch the volumes that the kit makes. */
export function extraVolumes(settings: CommonSettings): {
  volumes: V1Volume[]
  mounts: V1VolumeMount[]
  sidecars: NonNullable<RunRequest['sidecars']>
} {
  const volumes = settings.volumes as unknown as V1Volume[]
  const mounts = settings.volumeMounts as unknown as V1VolumeMount[]
  const sidecars = settings.sidecars as unknown as NonNullable<RunRequest['sidecars']>
  const reserved = volumes.find(({ name }) => /^(?:data|own-\d+|inherited-\d+)$/.test(name))
  if (reserved) refuse('volumes', `the name "${reserved.name}" is reserved`)
  const names = new Set(volumes.map(({ name }) => name))
  // The data volume has its own mount: through a second one, a pod would see the folders of others.
  const foreign = mounts.find(({ name }) => !names.has(name))
  if (foreign) refuse('volumeMounts', `"${foreign.name}" is not one of "volumes"`)
  for (const { name: sidecar, volumeMounts = [] } of sidecars) {
    const other = volumeMounts.find(({ name }) => !names.has(name))
    if (other) refuse('sidecars', `"${sidecar}" mounts "${other.name}", which is not one of "volumes"`)
  }
  return { volumes, mounts, sidecars }
}

const sourcePattern = /^(secret|configmap)\/([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?:\/([-._a-zA-Z0-9]+))?$/

/** Variables from Secrets and ConfigMaps that the settings name. */
export function extraEnvironment(settings: CommonSettings): {
  envFrom: V1EnvFromSource[]
  references: Record<string, V1EnvVarSource>
} {
  const envFrom = settings.envFrom.map((source) => {
    const [, kind, name, key] = sourcePattern.exec(source) ?? []
    if (name === undefined || key !== undefined)
      refuse('envFrom', `"${source}" is neither secret/NAME nor configmap/NAME`)
    return kind === 'secret' ? { secretRef: { name } } : { configMapRef: { name } }
  })
  const references = Object.entries(settings.envValueFrom ?? {}).map(([variable, source]) => {
    const [, kind, name, key] = sourcePattern.exec(source) ?? []
    if (name === undefined || key === undefined) {
      refuse('envValueFrom', `"${source}" of ${variable} is neither secret/NAME/KEY nor configmap/NAME/KEY`)
    }
    return [variable, kind === 'secret' ? { secretKeyRef: { name, key } } : { configMapKeyRef: { name, key } }] as const
  })
  return { envFrom, references: Object.fromEntries(references) }
}

const reservedAnnotation = /^(?:agent-jobs\.dev|paperclip\.io)\//

/** The annotations of the settings; names that the kit and the runner use are refused. */
export function extraAnnotations({ annotations = {} }: CommonSettings): Record<string, string> {
  const reserved = Object.keys(annotations).find((name) => reservedAnnotation.test(name))
  if (reserved !== undefined) refuse('annotations', `"${reserved}" is reserved`)
  return annotations
}

/** True where OpenShift assigns user and group of the pods of a namespace. */
export function assignsUsers(namespace: { metadata?: { annotations?: Record<string, string> } }): boolean {
  return isRecord(namespace.metadata?.annotations) && 'openshift.io/sa.scc.uid-range' in namespace.metadata.annotations
}
