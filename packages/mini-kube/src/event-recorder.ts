import { event as eventResource } from './kinds/core.ts'
import { microTime, randomUid, wholeSeconds } from './names.ts'
import type { ObjectStore } from './store/object-store.ts'
import type { Clock } from '@agent-jobs/primitives'
import type { JsonObject, KubeObject } from './types.ts'

/** The content of an Event. */
export interface EventNote {
  about: KubeObject
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  component: 'job-controller' | 'kubelet' | 'default-scheduler' | 'node-controller' | 'taint-eviction-controller'
  fieldPath?: string
}

interface Dependencies {
  store: ObjectStore
  clock: Clock
  random: () => number
  nodeName: string
  /** Events older than this are dropped, an hour in a real cluster. */
  ttlMs: number
  /** At most this many are kept. */
  limit: number
}

/** Writes Events as the real components do: repeated ones are counted, old ones dropped. */
export class EventRecorder {
  readonly #recent = new Map<string, string>()
  readonly #context: Dependencies
  #last = 0n

  constructor(context: Dependencies) {
    this.#context = context
  }

  record(note: EventNote): void {
    const { store, clock, random } = this.#context
    const { metadata, kind, apiVersion } = note.about
    const now = clock.wallTime()
    const namespace = metadata.namespace ?? 'default'
    const key = [metadata.uid, note.reason, note.message, note.fieldPath].join('\n')
    const known = this.#recent.get(key)
    const previous = known === undefined ? undefined : store.get(eventResource.id, namespace, known)
    if (previous !== undefined && note.component !== 'default-scheduler') {
      const count = Number(previous['count'] ?? 1) + 1
      store.put(eventResource.id, { ...previous, count, lastTimestamp: wholeSeconds(now) })
      return
    }
    const name = `${metadata.name}.${this.#moment(now)}`
    const scheduler = note.component === 'default-scheduler'
    const kubelet = note.component === 'kubelet'
    const body: JsonObject = {
      involvedObject: {
        kind,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        name: metadata.name,
        uid: metadata.uid,
        apiVersion,
        resourceVersion: metadata.resourceVersion,
        ...(note.fieldPath === undefined ? {} : { fieldPath: note.fieldPath }),
      },
      reason: note.reason,
      message: note.message,
      source: scheduler ? {} : { component: note.component, ...(kubelet ? { host: this.#context.nodeName } : {}) },
      firstTimestamp: scheduler ? null : wholeSeconds(now),
      lastTimestamp: scheduler ? null : wholeSeconds(now),
      ...(scheduler ? {} : { count: 1 }),
      type: note.type,
      eventTime: scheduler ? microTime(now) : null,
      ...(scheduler ? { action: actions[note.reason] ?? 'Scheduling' } : {}),
      reportingComponent: note.component,
      reportingInstance: kubelet ? this.#context.nodeName : scheduler ? 'default-scheduler-mini-kube' : '',
    }
    store.put(eventResource.id, {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: {
        name,
        namespace,
        uid: randomUid(random),
        resourceVersion: '',
        creationTimestamp: wholeSeconds(now),
      },
      ...body,
    })
    this.#recent.set(key, name)
    this.#trim(now)
  }

  /** A name's ending as the real components choose it: the moment in nanoseconds, so that names sort as the Events came. */
  #moment(now: number): string {
    const moment = BigInt(Math.floor(now)) * 1_000_000n
    this.#last = moment > this.#last ? moment : this.#last + 1n
    return this.#last.toString(16)
  }

  #trim(now: number): void {
    const { store, ttlMs, limit } = this.#context
    if (this.#recent.size <= limit && this.#recent.size % 64 !== 0) return
    const all = store.list(eventResource.id).sort((a, b) => stamp(a) - stamp(b))
    // A tenth at a time, so that a full store is not searched on every Event.
    const excess = all.length > limit ? all.length - Math.floor(limit * 0.9) : 0
    for (const [index, old] of all.entries()) {
      if (index < excess || stamp(old) < now - ttlMs) store.remove(eventResource.id, old)
    }
    const kept = new Set(store.list(eventResource.id).map((one) => one.metadata.name))
    for (const [key, name] of this.#recent) if (!kept.has(name)) this.#recent.delete(key)
  }
}

const actions: Record<string, string> = { Scheduled: 'Binding', Preempted: 'Preempting' }

const stamp = (object: KubeObject) => Date.parse(String(object['lastTimestamp'] ?? object.metadata.creationTimestamp))
