import { wholeSeconds } from '../names.ts'
import { fullImageName } from './images.ts'
import type { Condition, Container, ContainerState, ContainerStatus, Pod, PodStatus } from '../types.ts'

/** What the kubelet knows about one container. */
export interface ContainerRecord {
  spec: Container
  role: 'init' | 'sidecar' | 'main'
  state: ContainerState
  lastState: ContainerState
  restartCount: number
  /** The results of its probes; both true from the start for a container without any. */
  started: boolean
  ready: boolean
  id: string | undefined
  imageID: string
}

/** What the kubelet knows about one pod, from which its status follows. */
export interface PodFacts {
  pod: Pod
  records: ContainerRecord[]
  sandboxReady: boolean
  hasAddress: boolean
  /** Set once the containers are gone and the sandbox is torn down. */
  finished: boolean
  /** A reason on the pod itself: DeadlineExceeded, Evicted. */
  reason: string | undefined
  message: string | undefined
  hostIP: string
  podIP: string
  startTime: string
}

const ended = (record: ContainerRecord) => record.state.terminated !== undefined
const failed = (record: ContainerRecord) => (record.state.terminated?.exitCode ?? 0) !== 0

/** Succeeded or Failed, for a pod whose containers have all ended and do not restart. */
function finalPhase({ records, reason }: Pick<PodFacts, 'records' | 'reason'>): 'Succeeded' | 'Failed' {
  const counted = records.filter((record) => record.role !== 'sidecar')
  const unfinished = records.some((record) => record.role === 'main' && !ended(record))
  return reason !== undefined || unfinished || counted.some(failed) ? 'Failed' : 'Succeeded'
}

const isStarted = ({ state, started }: ContainerRecord) => state.running !== undefined && started
const isReady = (record: ContainerRecord) => isStarted(record) && record.ready

const mountStatus = ({ name, mountPath, readOnly }: NonNullable<Container['volumeMounts']>[number]) => ({
  name,
  mountPath,
  ...(readOnly === true ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
})

function containerStatus(record: ContainerRecord): ContainerStatus {
  const { spec, state, lastState, restartCount, id, imageID, role } = record
  const mounts = spec.volumeMounts ?? []
  return {
    name: spec.name,
    state,
    lastState,
    ready: role === 'init' ? state.terminated?.exitCode === 0 : isReady(record),
    restartCount,
    image: id === undefined ? (spec.image ?? '') : fullImageName(spec.image ?? ''),
    imageID,
    ...(id === undefined ? {} : { containerID: `containerd://${id}` }),
    started: isStarted(record),
    ...(id === undefined ? {} : { resources: {} }),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts.map(mountStatus) }),
  }
}

const unready = (word: string, records: ContainerRecord[]) =>
  `containers with ${word} status: [${records.map((record) => record.spec.name).join(' ')}]`

function conditionsOf(
  facts: PodFacts,
  phase: string,
  endingAs: 'PodCompleted' | 'PodFailed' | undefined,
  now: string,
): Condition[] {
  const { pod, records, sandboxReady } = facts
  const observedGeneration = pod.metadata.generation ?? 1
  const inits = records.filter((record) => record.role !== 'main')
  const incomplete = inits.filter((record) =>
    record.role === 'init' ? record.state.terminated?.exitCode !== 0 : !isStarted(record) && !ended(record),
  )
  const waiting = records.filter((record) => record.role !== 'init' && !isReady(record))
  const make = (type: string, status: boolean, reason?: string, message?: string): Condition => {
    const old = pod.status.conditions?.find((condition) => condition.type === type)
    const text = status ? ('True' as const) : ('False' as const)
    return {
      type,
      observedGeneration,
      status: text,
      lastProbeTime: null,
      lastTransitionTime: old?.status === text ? (old.lastTransitionTime ?? now) : now,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    }
  }
  const ready = (type: string) => {
    if (endingAs !== undefined) return make(type, false, endingAs)
    return waiting.length === 0
      ? make(type, true)
      : make(type, false, 'ContainersNotReady', unready('unready', waiting))
  }
  const initialized =
    incomplete.length > 0
      ? make('Initialized', false, 'ContainersNotInitialized', unready('incomplete', incomplete))
      : make('Initialized', true, endingAs === 'PodCompleted' ? 'PodCompleted' : undefined)
  const known = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'])
  const others = (pod.status.conditions ?? []).filter((condition) => !known.has(condition.type))
  return [
    ...others,
    make('PodReadyToStartContainers', sandboxReady && phase !== 'Succeeded' && phase !== 'Failed'),
    initialized,
    ready('Ready'),
    ready('ContainersReady'),
    make('PodScheduled', true),
  ]
}

/** The whole status of a pod from what the kubelet knows. */
export function podStatus(facts: PodFacts, now: number): PodStatus {
  const { pod, records, finished } = facts
  const mains = records.filter((record) => record.role === 'main')
  const inits = records.filter((record) => record.role !== 'main')
  const policy = pod.spec.restartPolicy
  const initFailed = inits.some((record) => record.role === 'init' && failed(record) && policy === 'Never')
  const overForGood = mains.every(ended) && (policy === 'Never' || (policy === 'OnFailure' && !mains.some(failed)))
  const sidecarsUp = inits.some((record) => record.role === 'sidecar' && record.state.running !== undefined)
  const ending = (overForGood && !sidecarsUp) || initFailed || facts.reason !== undefined || finished
  const endingAs = ending ? (finalPhase(facts) === 'Succeeded' ? 'PodCompleted' : 'PodFailed') : undefined
  const started = mains.some((record) => record.id !== undefined && record.state.terminated?.reason !== 'StartError')
  const phase = finished ? finalPhase(facts) : started ? 'Running' : 'Pending'
  return {
    observedGeneration: pod.metadata.generation ?? 1,
    phase,
    conditions: conditionsOf(facts, phase, endingAs, wholeSeconds(now)),
    ...(facts.reason === undefined || !finished ? {} : { reason: facts.reason, message: facts.message ?? '' }),
    hostIP: facts.hostIP,
    hostIPs: [{ ip: facts.hostIP }],
    ...(facts.hasAddress ? { podIP: facts.podIP, podIPs: [{ ip: facts.podIP }] } : {}),
    startTime: facts.startTime,
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits.map(containerStatus) }),
    containerStatuses: mains.map(containerStatus),
    qosClass: pod.status.qosClass ?? 'BestEffort',
    resources: {},
  }
}
