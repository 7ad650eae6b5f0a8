import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from '../api-error.ts'
import type { Cluster } from '../cluster.ts'
import { checkFault } from './check-fault.ts'
import type { Amount, ApiFault, Fault, FaultHandle, RequestMatch, WorldFault } from './fault.ts'
import { isApiFault } from './fault.ts'
import { cutResponse } from './response-cutter.ts'
import type { KubeObject } from '../types.ts'
import { resources } from '../kinds/registry.ts'

interface Entry {
  id: string
  fault: Fault
  hits: number
  undo: (() => Promise<void> | void) | undefined
  stale?: Snapshot
}

/** The cluster as it was when a stale-list fault began. */
interface Snapshot {
  revision: number
  objects: Map<string, KubeObject[]>
}

/** What the request handlers need to know about the faults of one request. */
export interface RequestFaults {
  gone: boolean
  stale: Snapshot | undefined
  /** How often an event is sent: 0, 1 or 2. */
  copies: () => number
  logText: { text: string; mode: 'instead' | 'append' } | undefined
  logNotFound: boolean
}

const none: RequestFaults = { gone: false, stale: undefined, copies: () => 1, logText: undefined, logNotFound: false }
const attached = new WeakMap<IncomingMessage, RequestFaults>()

/** The faults that hit a request. */
export const faultsOf = (request: IncomingMessage): RequestFaults => attached.get(request) ?? none

function matches(
  match: RequestMatch | undefined,
  request: IncomingMessage,
  path: string,
  userName: () => string | undefined,
): boolean {
  if (match === undefined) return true
  if (match.user !== undefined && match.user !== userName()) return false
  if (match.method !== undefined && match.method !== request.method) return false
  if (match.path !== undefined && !path.includes(match.path)) return false
  return match.pattern === undefined || new RegExp(match.pattern).test(path)
}

/** The active faults, their effects, and how to add and remove them. */
export class Faults {
  readonly #entries = new Map<string, Entry>()
  readonly #random: () => number
  readonly #cluster: Cluster
  readonly #begin: (fault: WorldFault) => Promise<(() => Promise<void> | void) | undefined>
  #next = 1

  constructor(
    cluster: Cluster,
    random: () => number,
    begin: (fault: WorldFault) => Promise<(() => Promise<void> | void) | undefined>,
  ) {
    this.#cluster = cluster
    this.#random = random
    this.#begin = begin
  }

  /** Activates a fault; resolves once its immediate effect is done. */
  async inject(fault: Fault): Promise<FaultHandle> {
    checkFault(fault)
    const id = String(this.#next++)
    const entry: Entry = { id, fault, hits: 0, undo: undefined }
    if (isApiFault(fault)) {
      if (fault.kind === 'stale') entry.stale = this.#snapshot()
      this.#entries.set(id, entry)
    } else {
      entry.undo = await this.#begin(fault)
      entry.hits = 1
      if (entry.undo !== undefined) this.#entries.set(id, entry)
    }
    return this.#handle(entry)
  }

  #handle(entry: Entry): FaultHandle {
    return {
      id: entry.id,
      fault: entry.fault,
      get hits() {
        return entry.hits
      },
      remove: () => this.remove(entry.id),
    }
  }

  list(): FaultHandle[] {
    return [...this.#entries.values()].map((entry) => this.#handle(entry))
  }

  async remove(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    await entry?.undo?.()
  }

  /** Removes every fault. */
  async clear(): Promise<void> {
    for (const id of [...this.#entries.keys()].toReversed()) await this.remove(id)
  }

  #snapshot(): Snapshot {
    const { objects, store } = this.#cluster
    const stored = resources.filter((resource) => resource.stored)
    return {
      revision: store.revision,
      objects: new Map(stored.map((resource) => [resource.id, objects.list(resource)])),
    }
  }

  #draw(amount: Amount): number {
    return typeof amount === 'number' ? amount : Math.floor(amount[0] + this.#random() * (amount[1] - amount[0] + 1))
  }

  /** Whether the fault applies now; counts it, and ends it after `times` hits. */
  #strikes(entry: Entry, fault: ApiFault): boolean {
    if (fault.probability !== undefined && this.#random() >= fault.probability) return false
    entry.hits += 1
    if (fault.times !== undefined && entry.hits >= fault.times) this.#entries.delete(entry.id)
    return true
  }

  /** Called before every request. */
  async filter(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    userName: () => string | undefined,
  ): Promise<void> {
    const found: RequestFaults = { ...none }
    const copies: (() => number)[] = []
    for (const entry of this.#entries.values()) {
      const { fault } = entry
      if (!isApiFault(fault) || !matches(fault.match, request, path, userName)) continue
      if (fault.kind === 'drop-events' || fault.kind === 'double-events') {
        copies.push(() => this.#copies(entry, fault))
        continue
      }
      if (!this.#strikes(entry, fault)) continue
      await this.#apply(fault, entry, found, response)
    }
    if (copies.length > 0) found.copies = () => copies.reduce((count, one) => count * one(), 1)
    attached.set(request, found)
  }

  #copies(entry: Entry, fault: ApiFault): number {
    if (!this.#entries.has(entry.id) || !this.#strikes(entry, fault)) return 1
    return fault.kind === 'drop-events' ? 0 : 2
  }

  async #apply(fault: ApiFault, entry: Entry, found: RequestFaults, response: ServerResponse): Promise<void> {
    switch (fault.kind) {
      case 'latency':
        await this.#cluster.clock.sleep(this.#draw(fault.ms), this.#cluster.signal)
        return
      case 'error':
        throw errorFor(fault)
      case 'cut':
        cutResponse(response, this.#draw(fault.afterBytes), fault.how)
        return
      case 'gone':
        found.gone = true
        return
      case 'stale':
        found.stale = entry.stale
        return
      case 'log-text':
        found.logText = { text: fault.text, mode: fault.mode ?? 'instead' }
        return
      case 'log-not-found':
        found.logNotFound = true
        return
      case 'drop-events':
      case 'double-events':
        return
      default:
        fault satisfies never
    }
  }
}

const reasons: Record<number, [string, string]> = {
  401: ['Unauthorized', 'Unauthorized'],
  403: ['Forbidden', 'forbidden by a fault'],
  409: ['Conflict', 'Operation cannot be fulfilled: a fault was injected'],
  429: ['TooManyRequests', 'Too many requests, please try again later.'],
  500: ['InternalError', 'Internal error occurred: a fault was injected'],
  502: ['', 'error trying to reach service: a fault was injected'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'Timeout: request did not complete within requested timeout - context deadline exceeded'],
}

function errorFor({ status, reason, message, retryAfterSeconds }: Extract<ApiFault, { kind: 'error' }>): ApiError {
  const [usual, text] = reasons[status] ?? ['', 'a fault was injected']
  const seconds = retryAfterSeconds ?? (status === 429 ? 1 : undefined)
  const details = seconds === undefined ? undefined : { retryAfterSeconds: seconds }
  return new ApiError(status, (reason ?? usual) || undefined, message ?? text, details)
}
