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
  /** Program and arguments, run without a shell. */
  argv: readonly string[]
  /** The image has `/bin/sh`: the container starts about 50 ms earlier. Without it, it could not start. Default false. */
  shell?: boolean
  cwd?: string
  /** Which folders must be mounted where; if one is not, the launcher does not start the command. */
  mounts?: readonly MountIdentity[]
  /** Creates `cwd` if it does not exist. */
  createCwd?: boolean
  /** Standard input of the program; stored in the run's Secret. */
  stdin?: string | Uint8Array
  /** Written before the program starts; stored in the run's Secret. */
  files?: readonly LaunchFile[]
  /** Variables removed from the program's environment. */
  unsetEnv?: readonly string[]
  /** Absolute directories that the program's PATH begins with, before those of the image. */
  prependPath?: readonly string[]
  limits?: LaunchLimits
  /** How the launcher detects that the command has finished its work, so that it can stop lingering processes. */
  finish?: FinishRule
  /** An API that the launcher offers to the program on the pod's loopback, with credentials that the program never sees. */
  proxy?: ProxySpec
  /** Where the container stores the program's output files. */
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
  /** How long no node may fit, in seconds; autoscalers take time. Default 120. */
  unschedulableGraceSeconds?: number
  /** How long a Secret, key, ConfigMap or claim may be missing, in seconds. Default 60. */
  missingGraceSeconds?: number
  /** How long the API server may refuse to create the pod, in seconds. Default 30. */
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
  /** Name of the Job. By default made of `namePrefix`, key and run id. */
  name?: string
  /** Default `run`. */
  namePrefix?: string
  /** Name of the container. Default `main`. */
  containerName?: string
  image: string
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  command: RunCommand
  /** Environment variables, readable in the Job's spec. */
  env?: Record<string, string>
  /** Environment variables stored in the run's Secret. */
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
  /** Mounts the service account's token; adds about 0.3 s to the start. Default false. */
  automountServiceAccountToken?: boolean
  pullSecrets?: readonly string[]
  /** `fixed` (default): user, group and fsGroup 1000. `platform`: whatever the platform assigns, as OpenShift does. */
  podUser?: 'fixed' | 'platform'
  /** Merged over the defaults: uid and gid 1000, non-root, seccomp RuntimeDefault. */
  podSecurityContext?: PodSecurityContext
  /** Merged over the defaults: no privilege escalation, all capabilities dropped. */
  containerSecurityContext?: SecurityContext
  /**
   * The pod's own deadline, from when a node accepts it: the kubelet stops it; pod and log stay. Default: the start budget
   * plus total limit and grace period, or a day without a total limit.
   */
  deadlineSeconds?: number
  /** Default 30. */
  terminationGracePeriodSeconds?: number
  /** Safety net for Jobs that were not removed. At least 3,600, which is the default. */
  ttlSecondsAfterFinished?: number
  /** Creates the Job suspended, for a queue to admit. */
  suspend?: boolean
  /** Kueue admits the run; implies `suspend`. */
  queue?: RunQueue
  /** Native sidecars: started before the command, stopped after it. */
  sidecars?: Container[]
  /** `metadata` and `spec`, merged over the pod by Kubernetes' strategic rules. Launcher, names and lock stay. */
  podTemplate?: Record<string, unknown>
  /**
   * Where the launcher writes a copy of its frames: a new file on a mounted volume. In a queue, it also keeps a second pod of
   * this run from starting the command again.
   */
  journal?: { path: string; maxBytes?: number }
  /** Keeps Job and pod until their TTL; the Secret is removed anyway. */
  retain?: boolean
  start?: StartPatience
}
