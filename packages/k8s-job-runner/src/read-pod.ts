import {
  instant,
  type ContainerStatus,
  type Job,
  type JobCondition,
  type Pod,
  type PodCondition,
} from './kubernetes.ts'

/** A pod's condition of a type, if it is True. */
export function trueCondition(pod: Pod | undefined, type: string): PodCondition | undefined {
  return pod?.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
}

/** A Job's condition of one of some types, if it is True. */
export function jobCondition(job: Job | undefined, ...types: string[]): JobCondition | undefined {
  return job?.status?.conditions?.find((condition) => types.includes(condition.type) && condition.status === 'True')
}

/** The status of a container; undefined until the kubelet has reported one. */
export function containerStatus(pod: Pod | undefined, name: string): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.find((status) => status.name === name)
}

/** Whether the pod's phase says that it will never run anything again. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** The variable that only the command's container has. */
export const runVariable = 'AGENT_JOBS_RUN'

/** The name of the container that runs the command, also in a pod whose containers were renamed on admission. */
export function commandContainer(pod: Pod | undefined, name: string): string {
  const { containers = [] } = pod?.spec ?? {}
  if (containers.some((container) => container.name === name)) return name
  const found = containers.find(({ env }) => Array.isArray(env) && env.some((entry) => entry?.name === runVariable))
  return found?.name ?? name
}

/**
 * Whether no process of the run is left in the pod: its command has ended, and so have the native sidecars. The kubelet
 * reports this 0.6 s before the phase, and in a pod that is deleted in between the phase may arrive a minute late. Ordinary
 * containers added by others, such as a service mesh proxy, do not count: many never exit on their own.
 */
export function hasNothingRunning(pod: Pod): boolean {
  if (isPodTerminal(pod)) return true
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  const command = containers.filter(({ env }) => Array.isArray(env) && env.some((entry) => entry?.name === runVariable))
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  const isOver = ({ name }: { name: string }): boolean =>
    statuses.find((status) => status.name === name)?.state?.terminated !== undefined
  const counting = [...(command.length === 0 ? containers : command), ...sidecars]
  return pod.spec?.restartPolicy === 'Never' && counting.length > 0 && counting.every(isOver)
}

/** Whether the Job reports that it has ended. */
export function isJobFinished(job: Job | undefined): boolean {
  return jobCondition(job, 'Complete', 'Failed') !== undefined
}

/** Whether the container has started, even if it has ended since. */
export function hasStarted(pod: Pod | undefined, name: string): boolean {
  const state = containerStatus(pod, name)?.state
  return state?.running !== undefined || state?.terminated !== undefined
}

/**
 * Whether the container ended before the pod was deleted, judged from the last objects alone: the Job had ended
 * and was then removed itself, together with the pod.
 */
export function wasRemovedAfterEnd(job: Job | undefined, pod: Pod | undefined): boolean {
  const podDeleted = instant(pod?.metadata?.deletionTimestamp)
  const jobDeleted = instant(job?.metadata?.deletionTimestamp)
  if (podDeleted === undefined || jobDeleted === undefined) return false
  return isJobFinished(job) && podDeleted >= jobDeleted
}
