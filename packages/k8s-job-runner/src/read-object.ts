import type { Job, KubeEvent, Pod } from './kubernetes.ts'

type Fields = Record<string, unknown>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const fields = (value: unknown): Fields => (isFields(value) ? value : {})
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function readMetadata(value: unknown): Fields {
  const metadata = fields(value)
  return {
    ...metadata,
    name: text(metadata['name']),
    uid: text(metadata['uid']),
    deletionTimestamp: metadata['deletionTimestamp'] ?? undefined,
    deletionGracePeriodSeconds: count(metadata['deletionGracePeriodSeconds']),
    labels: texts(metadata['labels']),
    annotations: texts(metadata['annotations']),
    ownerReferences: list(metadata['ownerReferences']),
  }
}

function readConditions(value: unknown): Fields[] {
  return list(value).map((condition) =>
    Object.assign({}, condition, { reason: text(condition['reason']), message: text(condition['message']) }),
  )
}

function readState(value: unknown): Fields {
  const { waiting, running, terminated } = fields(value)
  const words = (state: Fields) => ({ ...state, reason: text(state['reason']), message: text(state['message']) })
  return {
    ...(isFields(waiting) ? { waiting: words(waiting) } : {}),
    ...(isFields(running) ? { running } : {}),
    // An unreadable exit code does not count as success.
    ...(isFields(terminated)
      ? { terminated: { ...words(terminated), exitCode: count(terminated['exitCode']) ?? 255 } }
      : {}),
  }
}

function readStatuses(value: unknown): Fields[] {
  return list(value)
    .filter((status) => typeof status['name'] === 'string')
    .map((status) =>
      Object.assign({}, status, { state: readState(status['state']), lastState: readState(status['lastState']) }),
    )
}

function readContainers(value: unknown): Fields[] {
  return list(value).filter((container) => typeof container['name'] === 'string')
}

/**
 * Reads a Job from the API server: each field that this package uses has the type that Kubernetes documents,
 * or is absent. Returns undefined for anything but an object with a uid.
 */
export function readJob(value: unknown): Job | undefined {
  const object = fields(value)
  const metadata = readMetadata(object['metadata'])
  if (metadata['uid'] === undefined) return undefined
  const status = fields(object['status'])
  const job = {
    ...object,
    metadata,
    spec: fields(object['spec']),
    status: {
      ...status,
      conditions: readConditions(status['conditions']),
      active: count(status['active']),
      failed: count(status['failed']),
      succeeded: count(status['succeeded']),
    },
  }
  return job as unknown as Job
}

/** Reads a pod in the same way. */
export function readPod(value: unknown): Pod | undefined {
  const object = fields(value)
  const metadata = readMetadata(object['metadata'])
  if (metadata['uid'] === undefined) return undefined
  const spec = fields(object['spec'])
  const status = fields(object['status'])
  const pod = {
    ...object,
    metadata,
    spec: {
      ...spec,
      nodeName: text(spec['nodeName']),
      containers: readContainers(spec['containers']),
      initContainers: readContainers(spec['initContainers']),
    },
    status: {
      ...status,
      phase: text(status['phase']),
      reason: text(status['reason']),
      message: text(status['message']),
      conditions: readConditions(status['conditions']),
      containerStatuses: readStatuses(status['containerStatuses']),
      initContainerStatuses: readStatuses(status['initContainerStatuses']),
    },
  }
  return pod as unknown as Pod
}

/** Reads an Event in the same way. */
export function readEvent(value: unknown): KubeEvent | undefined {
  const object = fields(value)
  const metadata = readMetadata(object['metadata'])
  if (metadata['uid'] === undefined) return undefined
  const event = { ...object, metadata, reason: text(object['reason']), message: text(object['message']) }
  return event as unknown as KubeEvent
}
