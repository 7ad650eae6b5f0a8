import { classifyRefusal } from '@agent-jobs/kube-api'
import type { ContainerStatus, Job, KubeEvent, Pod } from './kubernetes.ts'
import type { OutcomeKind } from './outcome.ts'
import type { QueueNews } from './queue-news.ts'
import { guardPrefix } from './pod-template.ts'
import { containerStatus, jobCondition } from './read-pod.ts'

/** How long a cause may last before it counts: `never` waits indefinitely, `budget` until the start budget is used up. */
export type Patience = 'at_once' | 'missing' | 'unschedulable' | 'refused' | 'budget' | 'never'

/** Why a run has not started yet. */
export interface StartCause {
  /** Stays the same while the cause does. */
  id: string
  patience: Patience
  /** The outcome once the patience is used up. */
  kind: OutcomeKind
  source: 'pod_status' | 'job_status' | 'events'
  reason?: string | undefined
  message?: string | undefined
  /** Shown to people while the run waits. */
  words: string
  /** What to do about it. */
  remedy?: string
  /** Only an Event can say more. */
  askEvents?: true
}

const startFailed: OutcomeKind = { kind: 'startFailed', code: 'start_failed' }
const configError: OutcomeKind = { kind: 'configError', code: 'config_error' }

type UnschedulableCause = Extract<OutcomeKind, { kind: 'unschedulable' }>['cause']

/** The queue of a run, and its latest report. */
export interface QueueContext {
  name?: string | undefined
  news?: QueueNews | undefined
}

/** Summarises the scheduler's message. */
export function unschedulableCause(message: string): UnschedulableCause {
  // Every message of a recent scheduler contains "no new claims", so `claim` alone means nothing.
  if (/persistentvolumeclaim|PersistentVolume|volume node affinity|volume limit|volume\(s\)/i.test(message))
    return 'volume'
  if (/untolerated taint/.test(message)) return 'taint'
  if (/were unschedulable/.test(message)) return 'cordoned'
  if (/Insufficient |Too many pods/.test(message)) return 'resources'
  if (/affinity|selector|topology spread|free ports/.test(message)) return 'affinity'
  return 'other'
}

function newest(events: readonly KubeEvent[], ...reasons: string[]): KubeEvent | undefined {
  return events.findLast((event) => event.reason !== undefined && reasons.includes(event.reason))
}

/** Why a suspended Job waits: only the queue knows. */
function suspendedCause(queue: QueueNews | undefined, queueName: string | undefined): StartCause {
  const base = { id: 'suspended', patience: 'never', kind: startFailed, source: 'job_status' } as const
  if (queueName === undefined) return { ...base, words: 'The Job is suspended; something has to resume it' }
  if (queue === undefined) return { ...base, words: `Waiting for Kueue to take the Job into queue ${queueName}` }
  if (queue.kind === 'unreadable') {
    const words = `Waiting in queue ${queueName}; why is not known`
    return { ...base, words, message: queue.problem }
  }
  const { state, reason, message, position } = queue.report
  switch (state) {
    case 'waiting': {
      const place = position === undefined ? '' : `, position ${position}`
      return { ...base, words: `Waiting in queue ${queueName}${place}`, reason, message }
    }
    case 'admitted':
      return {
        ...base,
        id: 'admitted',
        patience: 'budget',
        words: `Admitted by queue ${queueName}; waiting for its pod`,
      }
    case 'deactivated':
      return {
        ...base,
        id: 'deactivated',
        patience: 'at_once',
        kind: { kind: 'preempted', code: 'preempted', by: 'queue' },
        reason,
        message,
        words: `Deactivated in queue ${queueName}`,
      }
    default:
      return state satisfies never
  }
}

function noPod(job: Job | undefined, events: readonly KubeEvent[], queue: QueueContext): StartCause {
  if (job?.spec?.suspend === true || jobCondition(job, 'Suspended') !== undefined) {
    return suspendedCause(queue.news, queue.name)
  }
  const refused = newest(events, 'FailedCreate')
  if (refused === undefined) {
    return {
      id: 'no_pod',
      patience: 'budget',
      kind: startFailed,
      source: 'events',
      words: 'Waiting for the pod to be made',
      askEvents: true,
    }
  }
  return refusedCause(refused)
}

const admissionDenied: OutcomeKind = { kind: 'admissionDenied', code: 'admission_denied' }

/** Why the cluster does not create the pod, by the API server's own reason. */
function refusedCause({ reason, message = '' }: KubeEvent): StartCause {
  const refusal = classifyRefusal({ message })
  const base = {
    id: `refused:${refusal?.cause ?? 'unknown'}`,
    source: 'events',
    reason,
    message,
    askEvents: true,
    ...(refusal === undefined ? {} : { remedy: refusal.remedy }),
  } as const
  switch (refusal?.cause) {
    case 'quota_exceeded':
      return {
        ...base,
        patience: 'refused',
        kind: { kind: 'quotaExceeded', code: 'quota_exceeded' },
        words: 'A quota leaves no room for the pod',
      }
    // The controller retries on its own, and a webhook becomes available again.
    case 'webhook_slow':
    case 'webhook_unreachable':
      return { ...base, patience: 'budget', kind: admissionDenied, words: 'An admission webhook does not answer' }
    case 'namespace_terminating':
      return { ...base, patience: 'at_once', kind: admissionDenied, words: 'The namespace is being deleted' }
    default:
      return { ...base, patience: 'refused', kind: admissionDenied, words: 'The cluster refuses to make the pod' }
  }
}

function waitingCause(container: string, reason: string, message: string | undefined): StartCause | undefined {
  const base = { source: 'pod_status', reason, message } as const
  const image: OutcomeKind = { kind: 'imageError', code: 'image_error', container }
  switch (reason) {
    case 'InvalidImageName':
      return { ...base, id: 'image_name', patience: 'at_once', kind: image, words: 'The image name is not valid' }
    case 'ErrImageNeverPull':
      return { ...base, id: 'image_absent', patience: 'missing', kind: image, words: 'The image is not on the node' }
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'ImageInspectError':
    case 'SignatureValidationFailed':
      // These two alternate while the kubelet retries: one cause.
      return { ...base, id: 'image_pull', patience: 'budget', kind: image, words: 'The image cannot be pulled yet' }
    case 'CreateContainerConfigError':
      return /runAsNonRoot|non-numeric user/.test(message ?? '')
        ? { ...base, id: 'non_root', patience: 'at_once', kind: configError, words: 'The image would run as root' }
        : { ...base, id: 'config', patience: 'missing', kind: configError, words: 'Something it needs is missing' }
    case 'CreateContainerError':
    case 'RunContainerError':
      return { ...base, id: 'create', patience: 'missing', kind: startFailed, words: 'The container cannot be made' }
    default:
      return undefined
  }
}

/** The queue has admitted the Job again: its first pod had started the command, and no other may. */
function sealedCause(message: string | undefined): StartCause | undefined {
  if (message?.includes(`couldn't find key ${guardPrefix}`) !== true) return undefined
  return {
    id: 'sealed',
    patience: 'at_once',
    kind: { kind: 'preempted', code: 'preempted', by: 'queue' },
    source: 'pod_status',
    reason: 'StartedBefore',
    message:
      'The run had started before and lost its quota; its queue has given it another pod, which may not start it again',
    words: 'The run had started before',
  }
}

/** An init container or sidecar that is running or keeps failing; undefined when none holds up the start. */
function notReady({ name, state, lastState, started }: ContainerStatus): StartCause | undefined {
  const ended = state?.terminated ?? lastState?.terminated
  const failing = started !== true && ended !== undefined && ended.exitCode !== 0
  if (!failing && (state?.running === undefined || started === true)) return undefined
  return {
    id: `init:${name}`,
    patience: 'budget',
    kind: { kind: 'initFailed', code: 'init_failed', container: name },
    source: 'pod_status',
    ...(failing ? { reason: ended.reason, message: ended.message } : {}),
    words: failing
      ? `Container ${name} ends with exit code ${ended.exitCode} again and again`
      : `Waiting for container ${name} to be done or ready`,
  }
}

function creating(events: readonly KubeEvent[], reason: string | undefined): StartCause {
  const mount = newest(events, 'FailedMount', 'FailedAttachVolume', 'FailedMapVolume')
  const sandbox = newest(events, 'FailedCreatePodSandBox', 'NetworkNotReady')
  const base = { source: 'events', askEvents: true } as const
  if (mount !== undefined) {
    const missing = /not found|non-existent/.test(mount.message ?? '')
    const { reason: word, message } = mount
    return {
      ...base,
      id: missing ? 'mount_missing' : 'mount',
      patience: missing ? 'missing' : 'budget',
      kind: configError,
      reason: word,
      message,
      words: 'A volume cannot be mounted yet',
    }
  }
  const { message } = sandbox ?? {}
  return {
    ...base,
    id: 'creating',
    patience: 'budget',
    kind: startFailed,
    reason: sandbox?.reason ?? reason,
    message,
    words: sandbox === undefined ? 'The container is being made' : 'The pod cannot be set up yet',
  }
}

/** Why the container has not started, from the pod (or the lack of one) and the Events about it. Pure. */
export function findStartCause(
  job: Job | undefined,
  pod: Pod | undefined,
  events: readonly KubeEvent[],
  container: string,
  queue: QueueContext = {},
): StartCause {
  if (pod === undefined) return noPod(job, events, queue)
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    const { reason, message } = scheduled
    const base = { source: 'pod_status', reason, message } as const
    if (reason === 'SchedulingGated') {
      return { ...base, id: 'gated', patience: 'never', kind: startFailed, words: 'Waiting for its scheduling gates' }
    }
    const kind: OutcomeKind = { kind: 'unschedulable', code: 'unschedulable', cause: unschedulableCause(message ?? '') }
    return { ...base, id: 'unschedulable', patience: 'unschedulable', kind, words: 'No node fits yet' }
  }
  if (pod.spec?.nodeName === undefined && scheduled === undefined) {
    const words = 'Waiting for a node'
    return { id: 'scheduling', patience: 'budget', kind: startFailed, source: 'pod_status', words }
  }
  // Init containers first: while one waits, the main container reports only PodInitializing.
  for (const status of pod.status?.initContainerStatuses ?? []) {
    const { reason = '', message } = status.state?.waiting ?? {}
    const cause = waitingCause(status.name, reason, message) ?? notReady(status)
    if (cause !== undefined) return cause
  }
  const waiting = containerStatus(pod, container)?.state?.waiting
  const sealed = queue.name === undefined ? undefined : sealedCause(waiting?.message)
  if (sealed !== undefined) return sealed
  return waitingCause(container, waiting?.reason ?? '', waiting?.message) ?? creating(events, waiting?.reason)
}
