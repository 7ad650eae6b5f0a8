import type { TestObject, TestStatus } from '../test/test-client.ts'

export interface WatchEvent {
  type: string
  object: TestObject
}

interface Terminated {
  exitCode: number
  reason: string
  message?: string
}
type ContainerStatuses = NonNullable<TestStatus['containerStatuses']>

const conditionText = ({ type, status, reason }: { type: string; status: string; reason?: string }) =>
  `${type}=${status}${reason === undefined ? '' : `:${reason}`}`

/** The parts of a message that differ from cluster to cluster, made equal. */
export function plainMessage(message: string, names: Record<string, string> = {}): string {
  let text = message.replaceAll(/pods "[a-z0-9-]+-[a-z0-9]{5}" is forbidden/g, 'pods "POD" is forbidden')
  for (const [from, to] of Object.entries(names)) text = text.replaceAll(from, to)
  return text
    .replaceAll(/dial tcp: lookup ([\w.-]+).*$/g, 'dial tcp: lookup $1')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
    .replaceAll(/\bto (node-1|mini-kube)\b/g, 'to NODE')
    .replaceAll(/back-off \d+s/g, 'back-off Ns')
}

function containerText({ name, state, restartCount }: ContainerStatuses[number]): string {
  const restarts = restartCount > 0 ? ` x${restartCount}` : ''
  if (state.running !== undefined) return `${name} running${restarts}`
  if (state.waiting !== undefined) {
    const { reason, message } = state.waiting
    return `${name} waiting ${reason}${message === undefined ? '' : ` "${plainMessage(message)}"`}${restarts}`
  }
  const { exitCode, reason, message } = state.terminated as Terminated
  return `${name} ended ${exitCode} ${reason}${message === undefined ? '' : ` ${JSON.stringify(message)}`}${restarts}`
}

/** One state of a pod as a line: everything a client may go by, nothing that depends on the moment. */
export function podState({ type, object }: WatchEvent): string {
  const { metadata, status = {} } = object
  const inits = (status['initContainerStatuses'] ?? []) as ContainerStatuses
  const text = [
    type === 'DELETED' ? 'GONE' : '',
    status.phase ?? '',
    status.reason ?? '',
    metadata.deletionTimestamp === undefined ? '' : 'deleting',
    (status.conditions ?? []).map(conditionText).sort().join(' '),
    inits.map(containerText).join(', '),
    (status.containerStatuses ?? []).map(containerText).join(', '),
  ]
    .filter((part) => part !== '')
    .join(' | ')
  return text.replaceAll(metadata.name, 'POD')
}

/** One state of a Job as a line: its conditions and whether it is being deleted. */
export function jobState({ type, object }: WatchEvent): string {
  const { metadata, status = {} } = object
  const counts = ['succeeded', 'failed'].map((field) =>
    status[field] === undefined ? '' : `${field} ${String(status[field])}`,
  )
  return [
    type === 'DELETED' ? 'GONE' : '',
    metadata.deletionTimestamp === undefined ? '' : 'deleting',
    (status.conditions ?? []).map(conditionText).join(' '),
    ...counts,
  ]
    .filter((part) => part !== '')
    .join(' | ')
}

/** A sequence without repetitions of the same state. */
export const distinct = (states: string[]) => states.filter((state, index) => state !== states[index - 1])

interface EventObject extends TestObject {
  type: string
  reason: string
  reportingComponent: string
  involvedObject: { kind: string; fieldPath?: string }
}

/** What the Events of a run say, without times and counts, each once, in a fixed order. */
export function eventFacts(events: TestObject[], names: Record<string, string>): string[] {
  const facts = events.map((one) => {
    const { type, reason, reportingComponent, involvedObject, message = '' } = one as EventObject
    const where = `${involvedObject.kind}${involvedObject.fieldPath === undefined ? '' : ` ${involvedObject.fieldPath}`}`
    return `${reportingComponent} ${type} ${reason} (${where}): ${plainMessage(message, names)}`
  })
  return [...new Set(facts)].sort()
}
