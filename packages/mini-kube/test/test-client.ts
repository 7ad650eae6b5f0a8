import type { MiniKube } from '../src/mini-kube.ts'

/** A bare HTTP client for tests: what is on the wire, nothing hidden. */
export interface TestClient {
  get<T = TestObject>(
    path: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: T; headers: Headers }>
  send<T = TestObject>(
    method: string,
    path: string,
    body?: unknown,
    type?: string,
  ): Promise<{ status: number; body: T; headers: Headers }>
  text(path: string, signal?: AbortSignal): Promise<{ status: number; body: string }>
  /** Yields watch events until the stream ends or the caller stops. */
  watch(path: string, signal?: AbortSignal): AsyncGenerator<{ type: string; object: TestObject }>
  /** Waits until the container at a log path has written something. */
  firstOutput(path: string): Promise<void>
  /** Waits, by watching, until an object of the list at `path` satisfies the test. */
  until(path: string, test: (object: TestObject, type: string) => boolean): Promise<TestObject>
}

/** JSON as tests poke into it. */
export interface TestObject {
  kind: string
  code?: number
  reason?: string
  message?: string
  metadata: {
    name: string
    namespace?: string
    uid: string
    resourceVersion: string
    generation?: number
    continue?: string
    remainingItemCount?: number
    labels?: Record<string, string>
    annotations?: Record<string, string>
    finalizers?: string[]
    ownerReferences?: { uid: string }[]
    deletionTimestamp?: string
    deletionGracePeriodSeconds?: number
    managedFields?: unknown[]
  }
  spec?: Record<string, unknown>
  status?: TestStatus
  data?: Record<string, string>
  items?: TestObject[]
  [field: string]: unknown
}

export interface TestStatus {
  phase?: string
  reason?: string
  conditions?: { type: string; status: string; reason?: string; message?: string }[]
  containerStatuses?: {
    name: string
    restartCount: number
    state: {
      waiting?: { reason: string; message?: string }
      running?: { startedAt: string }
      terminated?: { exitCode: number; reason: string; message?: string; startedAt: string; finishedAt: string }
    }
    lastState: { terminated?: { exitCode: number } }
  }[]
  [field: string]: unknown
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const parts = rest.split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  if (rest !== '') yield rest
}

/** How a request is made: by `fetch` for mini-kube, by `https` with certificates for a real cluster. */
export type Caller = (method: string, path: string, init: RequestInit) => Promise<Response>

/** A client for a cluster, by address and token. */
export const testClient = ({ url, token }: Pick<MiniKube, 'url' | 'token'>): TestClient =>
  clientOver((method, path, init) =>
    fetch(`${url}${path}`, {
      ...init,
      method,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
    }),
  )

/** The same over any way of making requests. */
export function clientOver(caller: Caller): TestClient {
  const call = (method: string, path: string, init: RequestInit = {}) => caller(method, path, init)
  const parse = async <T>(response: Response) => {
    const text = await response.text()
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as T, headers: response.headers }
  }
  async function* watch(path: string, signal?: AbortSignal) {
    const response = await call('GET', path, signal === undefined ? {} : { signal })
    if (response.status !== 200 || response.body === null)
      throw new Error(`watch ${path}: ${response.status} ${await response.text()}`)
    for await (const line of lines(response.body)) yield JSON.parse(line) as { type: string; object: TestObject }
  }
  return {
    get: async (path, headers = {}) => parse(await call('GET', path, { headers })),
    send: async (method, path, body, type = 'application/json') =>
      parse(
        await call(method, path, {
          headers: { 'content-type': type },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
      ),
    async text(path, signal) {
      const response = await call('GET', path, signal === undefined ? {} : { signal })
      return { status: response.status, body: await response.text() }
    },
    watch,
    async firstOutput(path) {
      const stop = new AbortController()
      const response = await call('GET', `${path}?follow=true`, { signal: stop.signal })
      const reader = response.body?.getReader()
      await reader?.read()
      stop.abort()
    },
    async until(path, test) {
      const stop = new AbortController()
      const separator = path.includes('?') ? '&' : '?'
      try {
        for await (const { type, object } of watch(`${path}${separator}watch=true`, stop.signal)) {
          if (test(object, type)) return object
        }
      } finally {
        stop.abort()
      }
      throw new Error(`the watch of ${path} ended before the expected event`)
    },
  }
}

/** A Job of one container that runs a shell command. */
export function shellJob(
  name: string,
  script: string,
  { pod = {}, container = {}, job = {} }: { pod?: object; container?: object; job?: object } = {},
) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      backoffLimit: 0,
      ...job,
      template: {
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 2,
          automountServiceAccountToken: false,
          ...pod,
          containers: [{ name: 'agent', image: 'local/base:1', command: ['/bin/sh', '-c', script], ...container }],
        },
      },
    },
  }
}
