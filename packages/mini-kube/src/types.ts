/** JSON as it crosses the wire. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** A JSON object whose fields are not known here. */
export type JsonObject = Record<string, unknown>

/** One entry of `metadata.ownerReferences`. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** `metadata` of a stored object. */
export interface ObjectMeta {
  name: string
  namespace?: string
  generateName?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: JsonObject[]
}

/** Any object in the store; stored objects are never changed in place. */
export interface KubeObject {
  kind: string
  apiVersion: string
  metadata: ObjectMeta
  spec?: JsonObject
  status?: JsonObject
  [field: string]: unknown
}

/** A condition of a Pod, Job or Node. */
export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  observedGeneration?: number
  lastProbeTime?: string | null
  lastHeartbeatTime?: string
  lastTransitionTime?: string
  reason?: string
  message?: string
}

/** The parts of a container's specification that the kubelet here reads. */
export interface Container {
  name: string
  image?: string
  command?: string[]
  args?: string[]
  ports?: { name?: string; containerPort: number }[]
  workingDir?: string
  env?: EnvVar[]
  envFrom?: EnvFromSource[]
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  volumeMounts?: { name: string; mountPath: string; subPath?: string; subPathExpr?: string; readOnly?: boolean }[]
  imagePullPolicy?: string
  terminationMessagePath?: string
  terminationMessagePolicy?: string
  restartPolicy?: string
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
  lifecycle?: { postStart?: Hook; preStop?: Hook }
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; [field: string]: unknown }
}

/** What a probe or a hook does. */
export interface Hook {
  exec?: { command?: string[] }
  httpGet?: {
    host?: string
    port: number | string
    path?: string
    scheme?: string
    httpHeaders?: { name: string; value: string }[]
  }
  tcpSocket?: { host?: string; port: number | string }
  grpc?: { port: number; service?: string }
  sleep?: { seconds: number }
}

export interface Probe extends Hook {
  initialDelaySeconds?: number
  timeoutSeconds?: number
  periodSeconds?: number
  successThreshold?: number
  failureThreshold?: number
  terminationGracePeriodSeconds?: number
}

export interface KeyRef {
  name?: string
  key: string
  optional?: boolean
}

export interface ResourceFieldRef {
  resource: string
  containerName?: string
  divisor?: string
}

/** One file of the downward API. */
export interface DownwardItem {
  path: string
  mode?: number
  fieldRef?: { apiVersion?: string; fieldPath: string }
  resourceFieldRef?: ResourceFieldRef
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: {
    secretKeyRef?: KeyRef
    configMapKeyRef?: KeyRef
    fieldRef?: { apiVersion?: string; fieldPath: string }
    resourceFieldRef?: ResourceFieldRef
  }
}

export interface EnvFromSource {
  prefix?: string
  secretRef?: { name?: string; optional?: boolean }
  configMapRef?: { name?: string; optional?: boolean }
}

export interface KeyToPath {
  key: string
  path: string
  mode?: number
}

export interface Volume {
  name: string
  secret?: { secretName: string; items?: KeyToPath[]; optional?: boolean; defaultMode?: number }
  configMap?: { name: string; items?: KeyToPath[]; optional?: boolean; defaultMode?: number }
  emptyDir?: { sizeLimit?: string; medium?: string }
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean }
  hostPath?: { path: string; type?: string }
  downwardAPI?: { items?: DownwardItem[]; defaultMode?: number }
  projected?: { defaultMode?: number; sources?: JsonObject[] }
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
  nodeName?: string
  nodeSelector?: Record<string, string>
  restartPolicy?: string
  serviceAccountName?: string
  terminationGracePeriodSeconds?: number
  activeDeadlineSeconds?: number
  schedulingGates?: { name: string }[]
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string; tolerationSeconds?: number }[]
  affinity?: JsonObject
  hostname?: string
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; [field: string]: unknown }
  automountServiceAccountToken?: boolean
  priority?: number
  [field: string]: unknown
}

export interface ContainerState {
  waiting?: { reason: string; message?: string }
  running?: { startedAt: string }
  terminated?: {
    exitCode: number
    signal?: number
    reason: string
    message?: string
    startedAt: string | null
    finishedAt: string | null
    containerID?: string
  }
}

export interface ContainerStatus {
  name: string
  state: ContainerState
  lastState: ContainerState
  ready: boolean
  restartCount: number
  image: string
  imageID: string
  containerID?: string
  started?: boolean
  resources?: JsonObject
  volumeMounts?: JsonObject[]
}

export interface PodStatus {
  observedGeneration?: number
  phase?: string
  conditions?: Condition[]
  reason?: string
  message?: string
  hostIP?: string
  hostIPs?: { ip: string }[]
  podIP?: string
  podIPs?: { ip: string }[]
  startTime?: string
  initContainerStatuses?: ContainerStatus[]
  containerStatuses?: ContainerStatus[]
  qosClass?: string
  [field: string]: unknown
}

export interface Pod extends KubeObject {
  spec: PodSpec & JsonObject
  status: PodStatus & JsonObject
}

export interface JobSpec {
  parallelism?: number
  completions?: number
  backoffLimit?: number
  activeDeadlineSeconds?: number
  ttlSecondsAfterFinished?: number
  suspend?: boolean
  podReplacementPolicy?: string
  podFailurePolicy?: { rules: PodFailureRule[] }
  selector?: { matchLabels?: Record<string, string> }
  manualSelector?: boolean
  completionMode?: string
  backoffLimitPerIndex?: number
  maxFailedIndexes?: number
  successPolicy?: { rules?: { succeededIndexes?: string; succeededCount?: number }[] }
  managedBy?: string
  template: { metadata?: Partial<ObjectMeta>; spec: PodSpec }
  [field: string]: unknown
}

export interface PodFailureRule {
  action: string
  onExitCodes?: { containerName?: string; operator: string; values: number[] }
  onPodConditions?: { type: string; status?: string }[]
}

export interface JobStatus {
  conditions?: Condition[]
  startTime?: string
  completionTime?: string
  active?: number
  ready?: number
  terminating?: number
  succeeded?: number
  failed?: number
  completedIndexes?: string
  failedIndexes?: string
  uncountedTerminatedPods?: { succeeded?: string[]; failed?: string[] }
  [field: string]: unknown
}

export interface Job extends KubeObject {
  spec: JobSpec & JsonObject
  status: JobStatus & JsonObject
}
