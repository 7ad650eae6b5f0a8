import {
  classifyRefusal,
  KubeError,
  kinds,
  type DeleteOptions,
  type KubeClient,
  type KubeErrorCode,
  type KubeObject,
  type ListOptions,
  type ListWatchEvent,
  type OpenLogOptions,
  type PatchOptions,
  type ResourceKind,
} from '@agent-jobs/kube-api'
import { encodeFrame } from '@agent-jobs/frames'

/** One request that the cluster got. */
export interface Call {
  verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete' | 'log'
  kind: string
  name: string
  /** Of a delete: the caller's preconditions. */
  preconditions?: DeleteOptions['preconditions']
  options?: unknown
}

type LogRequest = Pick<OpenLogOptions, 'pod' | 'follow' | 'tailLines' | 'timestamps' | 'signal'>

const logStamp = Buffer.from('2026-01-01T00:00:00.000000000Z ')

/** Called with a request before it is answered: return an error to refuse it. */
export type Interceptor = (call: Call) => KubeError | undefined

/**
 * A passive API server in memory: no controller, no kubelet. The test puts each object in place, in any shape.
 * Writes are answered as the real server answers them: 409 for a taken name and for preconditions that do
 * not hold, 404 for what is absent, 422 for a JSON patch whose test fails.
 */
export interface ScriptedCluster {
  client: KubeClient
  calls: Call[]
  /** Sets an object, and sends it to the watches. */
  put(kind: ResourceKind<KubeObject>, object: unknown): void
  /** Removes an object, and sends it to the watches as it last was. */
  remove(kind: ResourceKind<KubeObject>, name: string): void
  read(kind: ResourceKind<KubeObject>, name: string): KubeObject | undefined
  /** Called before each request is answered. */
  intercept: Interceptor
  /** What `/log` sends for a container, line by line, until `endLog`. */
  log: {
    write(bytes: string | Buffer): void
    end(): void
    /** From now on a request without `follow` stays open, too, as with a node that does not answer. */
    neverEnds(): void
  }
  /** How many watches are open. */
  readonly watches: number
}

/** An error as the API server makes it. */
export function apiError(status: number, reason: string, message = reason): KubeError {
  const codes: Record<string, KubeErrorCode> = {
    Forbidden: 'forbidden',
    NotFound: 'not_found',
    AlreadyExists: 'already_exists',
    Conflict: 'conflict',
    Invalid: 'invalid',
    Unauthorized: 'unauthorized',
  }
  const code = codes[reason] ?? (status >= 500 ? 'server_error' : 'unexpected_status')
  const refusal = classifyRefusal({ message, status })
  return new KubeError({ code, status, reason, message, refusal, retryable: refusal?.passing ?? status >= 500 })
}

/** A write that was applied although its answer was lost. */
export function lostAnswer(): KubeError {
  return new KubeError({
    code: 'connection',
    message: 'The connection was reset.',
    retryable: true,
    maybeApplied: true,
  })
}

/** Bytes that a launcher would print for one record or line. */
export function frame(seq: number, stream: 'o' | 'e' | 'l', payload: unknown): Buffer {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return encodeFrame({ seq, stream, time: 0, payload: Buffer.from(text), flag: '.' })
}

interface Watcher {
  kind: string
  send: (event: ListWatchEvent<KubeObject>) => void
}

/** Makes an empty cluster. */
export function createScriptedCluster(): ScriptedCluster {
  const objects = new Map<string, KubeObject>()
  const watchers = new Set<Watcher>()
  const calls: Call[] = []
  const chunks: Buffer[] = []
  let logEnded = false
  let isStuck = false
  const logReaders = new Set<() => void>()
  let version = 1
  const keyOf = (kind: ResourceKind<KubeObject>, name: string): string => `${kind.kind}/${name}`

  function record(call: Call): void {
    calls.push(call)
    const error = cluster.intercept(call)
    if (error !== undefined) throw error
  }
  function find(kind: ResourceKind<KubeObject>, name: string): KubeObject {
    const found = objects.get(keyOf(kind, name))
    if (found === undefined) throw apiError(404, 'NotFound', `${kind.plural} "${name}" not found`)
    return found
  }
  function tell(kind: ResourceKind<KubeObject>, type: 'added' | 'modified' | 'deleted', object: KubeObject): void {
    for (const watcher of watchers) if (watcher.kind === kind.kind) watcher.send({ type, object })
  }
  function set(kind: ResourceKind<KubeObject>, object: unknown): void {
    const value = object as KubeObject
    const name = value?.metadata?.name ?? ''
    const key = keyOf(kind, name)
    const known = objects.has(key)
    objects.set(key, value)
    tell(kind, known ? 'modified' : 'added', value)
  }
  function drop(kind: ResourceKind<KubeObject>, name: string): void {
    const key = keyOf(kind, name)
    const last = objects.get(key)
    if (last === undefined) return
    objects.delete(key)
    tell(kind, 'deleted', last)
  }
  function patched(found: KubeObject, { type, body }: PatchOptions): KubeObject {
    const metadata = { ...found.metadata, resourceVersion: String((version += 1)) }
    if (type === 'json') {
      for (const { op, path, value } of body as { op: string; path: string; value: unknown }[]) {
        const [, , field = ''] = path.split('/')
        if (op === 'test' && Reflect.get(metadata, field) !== value) {
          throw apiError(422, 'Invalid', `testing value ${path} failed`)
        }
        if (op === 'add') Reflect.set(metadata, field, value)
      }
      return { ...found, metadata }
    }
    const { metadata: given = {}, ...rest } = body as KubeObject
    if (given.uid !== undefined && given.uid !== found.metadata?.uid) {
      throw apiError(409, 'Conflict', 'Precondition failed: UID in precondition')
    }
    const annotations = { ...found.metadata?.annotations, ...given.annotations }
    return { ...found, ...rest, metadata: { ...metadata, annotations } }
  }
  async function* watch(
    kind: ResourceKind<KubeObject>,
    signal: AbortSignal,
  ): AsyncGenerator<ListWatchEvent<KubeObject>> {
    record({ verb: 'watch', kind: kind.kind, name: '' })
    const queue: ListWatchEvent<KubeObject>[] = []
    let wake: (() => void) | undefined
    const watcher: Watcher = {
      kind: kind.kind,
      send(event) {
        queue.push(event)
        wake?.()
      },
    }
    const onAbort = (): void => wake?.()
    signal.addEventListener('abort', onAbort)
    for (const [key, object] of objects) if (key.startsWith(`${kind.kind}/`)) queue.push({ type: 'added', object })
    queue.push({ type: 'synced', resourceVersion: String(version) })
    watchers.add(watcher)
    try {
      while (!signal.aborted) {
        const event = queue.shift()
        if (event !== undefined) yield event
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      watchers.delete(watcher)
      signal.removeEventListener('abort', onAbort)
    }
  }
  async function* logBody({ signal, follow, tailLines, timestamps }: LogRequest): AsyncGenerator<Uint8Array> {
    let wake = (): void => undefined
    const onChange = (): void => wake()
    logReaders.add(onChange)
    signal?.addEventListener('abort', onChange)
    let at = tailLines === undefined ? 0 : Math.max(0, chunks.length - tailLines)
    try {
      for (;;) {
        signal?.throwIfAborted()
        const chunk = chunks[at]
        if (chunk !== undefined) {
          at += 1
          yield timestamps === true ? Buffer.concat([logStamp, chunk]) : chunk
        } else if (logEnded || (follow !== true && !isStuck)) return
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      logReaders.delete(onChange)
      signal?.removeEventListener('abort', onChange)
    }
  }
  const client = {
    server: 'http://scripted',
    async get(kind: ResourceKind<KubeObject>, { name }: { name: string }) {
      record({ verb: 'get', kind: kind.kind, name })
      return find(kind, name)
    },
    async list(kind: ResourceKind<KubeObject>, options: ListOptions = {}) {
      record({ verb: 'list', kind: kind.kind, name: '', options })
      const demands = (options.labelSelector ?? '').split(',').filter((demand) => demand !== '')
      const items = [...objects]
        .filter(([key]) => key.startsWith(`${kind.kind}/`))
        .map(([, object]) => object)
        .filter(({ metadata }) =>
          demands.every((demand) => {
            const [key = '', value] = demand.split('=')
            return metadata?.labels?.[key] === value
          }),
        )
      return { items, resourceVersion: String(version) }
    },
    async create(kind: ResourceKind<KubeObject>, object: KubeObject) {
      const name = object.metadata?.name ?? ''
      record({ verb: 'create', kind: kind.kind, name })
      if (objects.has(keyOf(kind, name)))
        throw apiError(409, 'AlreadyExists', `${kind.plural} "${name}" already exists`)
      version += 1
      const metadata = { uid: `uid-${version}`, resourceVersion: String(version), ...object.metadata }
      const created = { ...object, metadata }
      set(kind, created)
      return created
    },
    async patch(kind: ResourceKind<KubeObject>, options: PatchOptions) {
      record({ verb: 'patch', kind: kind.kind, name: options.name, options })
      const next = patched(find(kind, options.name), options)
      set(kind, next)
      return next
    },
    async delete(kind: ResourceKind<KubeObject>, options: DeleteOptions) {
      const { name, preconditions = {} } = options
      record({ verb: 'delete', kind: kind.kind, name, preconditions, options })
      const { uid, resourceVersion } = find(kind, name).metadata ?? {}
      if (preconditions.uid !== undefined && preconditions.uid !== uid) {
        throw apiError(409, 'Conflict', 'Precondition failed: UID in precondition')
      }
      if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
        throw apiError(409, 'Conflict', 'Precondition failed: ResourceVersion in precondition')
      }
      drop(kind, name)
    },
    async openLog(request: LogRequest) {
      record({ verb: 'log', kind: 'Pod', name: request.pod, options: request })
      return { status: 200, headers: {}, body: logBody(request) }
    },
    listWatch: (kind: ResourceKind<KubeObject>, { signal }: { signal: AbortSignal }) => watch(kind, signal),
    request: () => Promise.reject(apiError(404, 'NotFound')),
    close: () => Promise.resolve(),
  }
  const cluster: ScriptedCluster = {
    client: client as unknown as KubeClient,
    calls,
    put: set,
    remove: drop,
    read: (kind, name) => objects.get(keyOf(kind, name)),
    intercept: () => undefined,
    log: {
      write(bytes) {
        const line = Buffer.from(bytes)
        chunks.push(line.at(-1) === 0x0a ? line : Buffer.concat([line, Buffer.from('\n')]))
        for (const wake of logReaders) wake()
      },
      end() {
        logEnded = true
        for (const wake of logReaders) wake()
      },
      neverEnds() {
        isStuck = true
      },
    },
    get watches() {
      return watchers.size
    },
  }
  return cluster
}

/** All kinds that a run touches. */
export const { Job, Pod, Secret } = kinds
