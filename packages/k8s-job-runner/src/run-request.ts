import type {
  Affinity,
  Container,
  EnvFromSource,
  EnvVarSource,
  HostAlias,
  PodDnsConfig,
  PodSecurityContext,
  ResourceRequirements,
  SecurityContext,
  Toleration,
  TopologySpreadConstraint,
  Volume,
  VolumeMount,
} from './kubernetes.ts'
import type { FinishRule, LaunchFile, LaunchLimits, ProxySpec, MountIdentity } from '@agent-jobs/launcher'

/** What runs in the container. */
export interface RunCommand {
  /** Program and arguments. No shell stands between. */
  argv: readonly string[]
  /** The image has `/bin/sh`: the container starts about 50 ms earlier. One without it could not start. Default false. */
  shell?: boolean
  cwd?: string
  /** Which folders must be mounted where; the launcher starts nothing when one is another. */
  mounts?: readonly MountIdentity[]
  /** Makes `cwd` when it does not exist. */
  createCwd?: boolean
  /** Fed to the program; travels in the run's Secret. */
  stdin?: string | Uint8Array
  /** Written before the program starts; travel in the run's Secret. */
  files?: readonly LaunchFile[]
  /** Names taken out of the program's environment. */
  unsetEnv?: readonly string[]
  limits?: LaunchLimits
  /** How the launcher sees that the command has finished its work, so that it can stop what lingers. */
  finish?: FinishRule
  /** An API that the launcher offers to the program on the pod's loopback, with credentials that the program never sees. */
  proxy?: ProxySpec
  /** Where the program's output files are put in the container. */
  outputDirectory?: string
}

/** Where the pod may run. */
export interface RunScheduling {
  nodeSelector?: Record<string, string>
  /** CPU architecture of the node, such as `amd64` or `arm64`: the label `kubernetes.io/arch`. */
  architecture?: string
  tolerations?: Toleration[]
  affinity?: Affinity
  priorityClassName?: string
  runtimeClassName?: string
  schedulerName?: string
  topologySpreadConstraints?: TopologySpreadConstraint[]
}

/** How long a run may take to start before it counts as failed. */
export interface StartPatience {
  /** From submission to the first running container, in seconds. Default 600. */
  budgetSeconds?: number
  /** How long no node may fit, in seconds; autoscalers take their time. Default 120. */
  unschedulableGraceSeconds?: number
  /** How long a Secret, key, ConfigMap or claim may be missing, in seconds. Default 60. */
  missingGraceSeconds?: number
  /** How long the API server may refuse to make the pod, in seconds. Default 30. */
  refusedGraceSeconds?: number
}

/** Where a run waits for quota. */
export interface RunQueue {
  /** Kueue's LocalQueue, in the namespace of the runner. */
  name: string
  /** Kueue's WorkloadPriorityClass. */
  priorityClass?: string | undefined
}

/** One containerised command, to be run once as a Job. */
export interface RunRequest {
  /** At most one live run per key: an agent, a workspace, a tenant. */
  key: string
  /** Identity of this run. Starting the same one twice gives the same Job. */
  runId: string
  /** Name of the Job. Made of `namePrefix`, key and run id when left out. */
  name?: string
  /** Default `run`. */
  namePrefix?: string
  /** Name of the container. Default `main`. */
  containerName?: string
  image: string
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  command: RunCommand
  /** Environment that stands in the Job's spec for all to read. */
  env?: Record<string, string>
  /** Environment that travels in the run's Secret. */
  secretEnv?: Record<string, string>
  envFrom?: EnvFromSource[]
  envValueFrom?: Record<string, EnvVarSource>
  labels?: Record<string, string>
  annotations?: Record<string, string>
  resources?: ResourceRequirements
  scheduling?: RunScheduling
  volumes?: Volume[]
  mounts?: VolumeMount[]
  dnsPolicy?: string
  dnsConfig?: PodDnsConfig
  hostAliases?: HostAlias[]
  serviceAccountName?: string
  /** Mounts the service account's token; costs about 0.3 s of start. Default false. */
  automountServiceAccountToken?: boolean
  pullSecrets?: readonly string[]
  /** `fixed` (default): user, group and fsGroup 1000. `platform`: whatever the platform assigns, as OpenShift does. */
  podUser?: 'fixed' | 'platform'
  /** Laid over the defaults: uid and gid 1000, non-root, seccomp RuntimeDefault. */
  podSecurityContext?: PodSecurityContext
  /** Laid over the defaults: no privilege escalation, all capabilities dropped. */
  containerSecurityContext?: SecurityContext
  /**
   * The pod's own deadline, from when a node accepts it: the kubelet stops it, pod and log stay. Default: the start budget
   * and the total limit together with the grace, or a day without a total limit.
   */
  deadlineSeconds?: number
  /** Default 30. */
  terminationGracePeriodSeconds?: number
  /** Safety net for what nobody removed. At least 3,600, which is the default. */
  ttlSecondsAfterFinished?: number
  /** Creates the Job suspended, for a queue to admit. */
  suspend?: boolean
  /** Kueue admits the run; implies `suspend`. */
  queue?: RunQueue
  /** Native sidecars: started before the command, stopped after it. */
  sidecars?: Container[]
  /** `metadata` and `spec` that are merged over the pod by Kubernetes' strategic rules. Launcher, names and lock stay. */
  podTemplate?: Record<string, unknown>
  /** Where the launcher writes the same frames again, on a mounted volume. */
  journal?: { path: string; maxBytes?: number }
  /** Keeps Job and pod until their TTL; the Secret goes all the same. */
  retain?: boolean
  start?: StartPatience
}
