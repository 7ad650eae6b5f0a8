// The Kubernetes types this package uses, under short names and in one place.
export type {
  CoreV1Event as KubeEvent,
  V1Affinity as Affinity,
  V1Container as Container,
  V1ContainerStatus as ContainerStatus,
  V1EnvFromSource as EnvFromSource,
  V1EnvVar as EnvVar,
  V1EnvVarSource as EnvVarSource,
  V1HostAlias as HostAlias,
  V1Job as Job,
  V1JobCondition as JobCondition,
  V1PersistentVolumeClaim as VolumeClaim,
  V1Pod as Pod,
  V1PodCondition as PodCondition,
  V1PodDNSConfig as PodDnsConfig,
  V1PodSecurityContext as PodSecurityContext,
  V1PodSpec as PodSpec,
  V1PodTemplateSpec as PodTemplate,
  V1ResourceRequirements as ResourceRequirements,
  V1Secret as Secret,
  V1SecurityContext as SecurityContext,
  V1Toleration as Toleration,
  V1TopologySpreadConstraint as TopologySpreadConstraint,
  V1Volume as Volume,
  V1VolumeMount as VolumeMount,
} from '@kubernetes/client-node'

/**
 * Milliseconds since the epoch of a Kubernetes timestamp, or undefined. Clients return Dates or strings,
 * whatever the types declare.
 */
export function instant(value: unknown): number | undefined {
  const ms = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
