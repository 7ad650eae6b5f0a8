import { MicroTime } from './micro-time.ts'

/**
 * Which fields of an object hold a time: `date` becomes a Date, `micro` a date written with six digits. A list is
 * represented by an array with one item.
 */
export interface DateFields {
  readonly [field: string]: 'date' | 'micro' | DateFields | readonly [DateFields]
}

const metadata: DateFields = {
  creationTimestamp: 'date',
  deletionTimestamp: 'date',
  managedFields: [{ time: 'date' }],
}
const condition: DateFields = { lastTransitionTime: 'date' }
const probedCondition: DateFields = { lastProbeTime: 'date', lastTransitionTime: 'date' }
const podSpec: DateFields = { volumes: [{ ephemeral: { volumeClaimTemplate: { metadata } } }] }
const containerState: DateFields = {
  running: { startedAt: 'date' },
  terminated: { finishedAt: 'date', startedAt: 'date' },
}
const containerStatus: DateFields = { lastState: containerState, state: containerState }

/**
 * The times of the kinds of this package. Listed here because client-node's models can be looked up by name only when
 * all of them, and with them all of its API classes, are loaded (2.8 MB in a bundle).
 */
export const dateFields = {
  Job: {
    metadata,
    spec: { template: { metadata, spec: podSpec } },
    status: { completionTime: 'date', conditions: [probedCondition], startTime: 'date' },
  },
  Pod: {
    metadata,
    spec: podSpec,
    status: {
      conditions: [probedCondition],
      containerStatuses: [containerStatus],
      ephemeralContainerStatuses: [containerStatus],
      initContainerStatuses: [containerStatus],
      startTime: 'date',
    },
  },
  PersistentVolumeClaim: { metadata, status: { conditions: [probedCondition] } },
  Event: {
    metadata,
    eventTime: 'micro',
    firstTimestamp: 'date',
    lastTimestamp: 'date',
    series: { lastObservedTime: 'micro' },
  },
  Namespace: { metadata, status: { conditions: [condition] } },
  Lease: { metadata, spec: { acquireTime: 'micro', renewTime: 'micro' } },
  Node: {
    metadata,
    spec: { taints: [{ timeAdded: 'date' }] },
    status: { conditions: [{ lastHeartbeatTime: 'date', lastTransitionTime: 'date' }] },
  },
  /** Any other kind: the fields that all objects have. */
  other: { metadata },
} as const satisfies Record<string, DateFields>

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: DateFields | readonly [DateFields]): value is readonly [DateFields] {
  return Array.isArray(value)
}

/**
 * Turns the strings of these fields into Dates, in place, and leaves everything else alone. client-node's own deserialiser
 * drops the fields it does not know, and what is read here may be written back.
 */
export function reviveDates(fields: DateFields, value: unknown): void {
  if (!isRecord(value)) return
  for (const [key, field] of Object.entries(fields)) {
    const found = value[key]
    if (found === undefined || found === null) continue
    if (field === 'date' || field === 'micro') {
      if (typeof found !== 'string') continue
      const date = field === 'micro' ? new MicroTime(found) : new Date(found)
      // Keep a text that is not a valid date, rather than create an Invalid Date that throws when it is written.
      if (!Number.isNaN(date.getTime())) value[key] = date
    } else if (!isList(field)) reviveDates(field, found)
    else if (Array.isArray(found)) for (const item of found) reviveDates(field[0], item)
  }
}
