import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configMap } from '../test/events.ts'
import {
  dropConnection,
  fedStream,
  json,
  startFakeApiServer,
  status,
  type FakeApiServer,
} from '../test/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../test/manual-clock.ts'
import { createKubeClient, type KubeClient, type KubeClientOptions } from './kube-client.ts'
import { KubeError } from './kube-error.ts'
import { kinds, resourcePath, type KubeObject, type ResourceKind } from './resource-kind.ts'
import type { RequestReport } from './wire.ts'

let api: FakeApiServer
let clock: ManualClock
let client: KubeClient
let reports: RequestReport[]
const open: KubeClient[] = []

function clientWith(options: Partial<KubeClientOptions> = {}): KubeClient {
  const made = createKubeClient({
    kubeConfig: api.kubeConfig(),
    clock,
    random: () => 0.5,
    onRequest: (report) => reports.push(report),
    ...options,
  })
  open.push(made)
  return made
}

beforeEach(async () => {
  api = await startFakeApiServer()
  clock = createManualClock()
  reports = []
  client = clientWith()
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
  await api[Symbol.asyncDispose]()
})

const errorOf = async (promise: Promise<unknown>): Promise<KubeError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!KubeError.isInstance(error)) throw new Error(`expected a KubeError, got ${String(error)}`)
  return error
}

describe('paths', () => {
  it.each([
    [kinds.Job, { namespace: 'ns', name: 'a' }, '/apis/batch/v1/namespaces/ns/jobs/a'],
    [kinds.Pod, { namespace: 'ns' }, '/api/v1/namespaces/ns/pods'],
    [kinds.Pod, {}, '/api/v1/pods'],
    [kinds.Node, { namespace: 'ignored', name: 'n 1' }, '/api/v1/nodes/n%201'],
    [kinds.SelfSubjectAccessReview, {}, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
    [kinds.Secret, { namespace: '../x', name: '..%2f' }, '/api/v1/namespaces/..%2Fx/secrets/..%252f'],
  ])('of %o', (kind, place, path) => expect(resourcePath(kind, place)).toBe(path))

  it('reject empty names: they would address the whole collection', () => {
    expect(() => resourcePath(kinds.Job, { name: '', namespace: 'ns' })).toThrow('non-empty')
    expect(() => resourcePath(kinds.Job, { name: 'x', namespace: '' })).toThrow('non-empty')
  })
})

describe('a call', () => {
  it('sends the token and reports the exchange', async () => {
    api.answer(json(200, configMap('a', 1)))
    const object = await client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })
    expect(object.metadata?.name).toBe('a')
    expect(api.requests[0]).toMatchObject({ method: 'GET', path: '/api/v1/namespaces/ns/configmaps/a' })
    expect(api.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret', accept: 'application/json' })
    expect(reports).toMatchObject([{ method: 'GET', path: '/api/v1/namespaces/ns/configmaps/a', status: 200 }])
  })

  it('uses one or two connections for 200 calls in a row', async () => {
    api.answer(json(200, configMap('a', 1)))
    for (let index = 0; index < 200; index += 1) await client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })
    expect(api.connections()).toBeLessThanOrEqual(2)
  })

  it('uses at most `maxConnections` for many concurrent calls', async () => {
    const narrow = clientWith({ maxConnections: 4 })
    api.answer(json(200, configMap('a', 1)))
    await Promise.all(Array.from({ length: 100 }, () => narrow.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })))
    expect(api.connections()).toBeLessThanOrEqual(4)
  })

  it('keeps the path of the server’s address', async () => {
    const config = api.kubeConfig()
    config.loadFromClusterAndUser(
      { name: 'proxied', server: `${api.url}/k8s/clusters/c-1/`, skipTLSVerify: false },
      { name: 'u', token: 't' },
    )
    api.answer(json(200, configMap('a', 1)))
    await clientWith({ kubeConfig: config }).get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })
    expect(api.requests[0]?.path).toBe('/k8s/clusters/c-1/api/v1/namespaces/ns/configmaps/a')
  })

  it('accepts a custom kind', async () => {
    interface Widget extends KubeObject {
      size: number
    }
    const Widget: ResourceKind<Widget> = { apiVersion: 'x.dev/v1', kind: 'Widget', plural: 'widgets', namespaced: true }
    api.answer(json(200, { size: 3, metadata: { creationTimestamp: '2026-11-21T09:00:00Z' } }))
    const widget = await client.get(Widget, { name: 'w', namespace: 'ns' })
    expect(widget).toEqual({ size: 3, metadata: { creationTimestamp: '2026-11-21T09:00:00Z' } })
  })

  it('returns Dates where the types say Date', async () => {
    api.answer(json(200, { metadata: { name: 'j', creationTimestamp: '2026-11-21T09:00:00Z' } }))
    const job = await client.get(kinds.Job, { name: 'j', namespace: 'ns' })
    expect(job.metadata?.creationTimestamp).toEqual(new Date('2026-11-21T09:00:00Z'))
  })

  it('passes on the warnings of the server', async () => {
    const warnings: string[] = []
    const header = '299 - "would violate PodSecurity \\"restricted:latest\\"", 299 - "batch/v1beta1 is deprecated"'
    api.answer(json(201, configMap('a', 1), { warning: header }))
    await clientWith({ onWarning: ({ method, text }) => warnings.push(`${method}: ${text}`) }).create(
      kinds.ConfigMap,
      configMap('a', 1),
    )
    expect(warnings).toEqual([
      'POST: would violate PodSecurity "restricted:latest"',
      'POST: batch/v1beta1 is deprecated',
    ])
  })

  it('without a namespace for a namespaced object is an error of the caller', async () => {
    await expect(client.get(kinds.Job, { name: 'j' })).rejects.toThrow('Expected `namespace` for the Job `j`')
    expect(api.requests).toHaveLength(0)
  })

  it('of every kind sends what the API expects', async () => {
    api.answer(json(200, {}))
    const place = { name: 'a', namespace: 'ns' }
    await client.create(kinds.ConfigMap, { metadata: place, data: { k: 'v' } }, { dryRun: true })
    await client.replace(kinds.ConfigMap, { metadata: { ...place, resourceVersion: '7' } })
    await client.patch(kinds.ConfigMap, { ...place, type: 'merge', body: { data: {} } })
    await client.patch(kinds.ConfigMap, { ...place, type: 'json', body: [] })
    await client.patch(kinds.ConfigMap, { ...place, type: 'strategic', body: {} })
    await client.patch(kinds.ConfigMap, { ...place, type: 'apply', body: {}, fieldManager: 'me', force: true })
    await client.delete(kinds.ConfigMap, {
      ...place,
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    })
    await client.request({ method: 'GET', path: '/version', query: { a: 1, b: undefined, c: true } })
    const sent = api.requests.map(({ method, path, query, headers, body }) =>
      [method, path.split('/').slice(4).join('/'), query.toString(), headers['content-type'] ?? '', body].join('|'),
    )
    expect(sent).toEqual([
      'POST|ns/configmaps|dryRun=All|application/json|{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"},"data":{"k":"v"}}',
      'PUT|ns/configmaps/a||application/json|{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","resourceVersion":"7"}}',
      'PATCH|ns/configmaps/a||application/merge-patch+json|{"data":{}}',
      'PATCH|ns/configmaps/a||application/json-patch+json|[]',
      'PATCH|ns/configmaps/a||application/strategic-merge-patch+json|{}',
      'PATCH|ns/configmaps/a|fieldManager=me&force=true|application/apply-patch+yaml|{}',
      'DELETE|ns/configmaps/a||application/json|{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Foreground","gracePeriodSeconds":0,"preconditions":{"uid":"u"}}',
      'GET||a=1&c=true||',
    ])
  })
})

describe('a failed call', () => {
  const get = () => client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })

  it('names the object and the server’s message', async () => {
    api.answer(status(403, 'Forbidden', 'no, you may not'))
    const error = await errorOf(get())
    expect(error).toMatchObject({
      code: 'forbidden',
      status: 403,
      reason: 'Forbidden',
      retryable: false,
      object: { kind: 'ConfigMap', namespace: 'ns', name: 'a' },
    })
    expect(error.message).toMatch(/^GET \S+ answered 403 Forbidden: no, you may not\. Read the reason above/)
    expect(api.requests).toHaveLength(1)
  })

  it.each([500, 502, 503, 504])('is retried after %i when it only reads', async (code) => {
    api.answer(status(code, 'X', 'x'), status(code, 'X', 'x'), json(200, configMap('a', 1)))
    const result = get()
    await clock.wakeSleeper(100, 100)
    await clock.wakeSleeper(200, 200)
    expect((await result).metadata?.name).toBe('a')
    expect(api.requests).toHaveLength(3)
  })

  it('is retried after 429 once the requested pause has passed, also when it writes', async () => {
    api.answer(status(429, 'TooManyRequests', 'slow down', { 'retry-after': '7' }), json(201, configMap('a', 1)))
    const result = client.create(kinds.ConfigMap, configMap('a', 1))
    expect(await clock.wakeSleeper(7_000, 7_200)).toBeGreaterThanOrEqual(7_000)
    expect((await result).metadata?.name).toBe('a')
  })

  it('is not retried when the server asks for more than 30 s', async () => {
    api.answer(status(429, 'TooManyRequests', 'slow down', { 'retry-after': '31' }))
    expect(await errorOf(get())).toMatchObject({ code: 'too_many_requests', retryAfterMs: 31_000, retryable: true })
  })

  it('ends after five attempts with the last error', async () => {
    api.answer(status(500, 'InternalError', 'etcdserver: request timed out'))
    const failed = errorOf(get())
    for (const ms of [100, 200, 400, 800]) await clock.wakeSleeper(ms, ms)
    expect(await failed).toMatchObject({ code: 'server_error', status: 500, retryable: true })
    expect(api.requests).toHaveLength(5)
  })

  it('ends at once when the signal is aborted between attempts', async () => {
    api.answer(status(503, 'ServiceUnavailable', 'x'))
    const abort = new AbortController()
    const result = client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns', signal: abort.signal })
    await clock.sleeper(100, 100)
    abort.abort(new Error('enough'))
    await expect(result).rejects.toThrow('enough')
    expect(clock.sleeping).toEqual([])
  })

  it('ends at once when the signal is aborted while the server is silent', async () => {
    api.answer(() => undefined)
    const abort = new AbortController()
    const result = client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns', signal: abort.signal })
    await api.seen(1)
    abort.abort(new Error('enough'))
    await expect(result).rejects.toThrow('enough')
  })

  it('is retried when no connection was made, whatever its kind', async () => {
    await api.stop()
    api.answer(json(201, configMap('a', 1)))
    const result = client.create(kinds.ConfigMap, configMap('a', 1))
    await clock.sleeper(100, 100)
    await api.listen()
    await clock.wakeSleeper(100, 100)
    expect((await result).metadata?.name).toBe('a')
  })

  it('reports that the server cannot be reached', async () => {
    await api.stop()
    const error = await errorOf(
      clientWith({ retry: { attempts: 1 } }).get(kinds.ConfigMap, { name: 'a', namespace: 'ns' }),
    )
    expect(error).toMatchObject({ code: 'connection', retryable: true, maybeApplied: false })
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.message).toContain('Check that the API server is up')
  })

  it('times out, and retries reads', async () => {
    api.answer(() => undefined, json(200, configMap('a', 1)))
    const result = get()
    await api.seen(1)
    await clock.wakeSleeper(30_000, 30_000)
    await clock.wakeSleeper(100, 100)
    expect((await result).metadata?.name).toBe('a')
  })

  it('also times out in the middle of a body', async () => {
    api.answer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"half":')
    })
    const failed = errorOf(
      clientWith({ retry: { attempts: 1 }, requestTimeoutMs: 5_000 }).get(kinds.Job, { name: 'a', namespace: 'ns' }),
    )
    await api.seen(1)
    await clock.wakeSleeper(5_000, 5_000)
    expect(await failed).toMatchObject({ code: 'timeout', retryable: true })
  })

  it('returns a response that is not JSON as text on request', async () => {
    api.answer((response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('ok'))
    const readyz: string = await client.request({ method: 'GET', path: '/readyz', answer: 'text' })
    expect(readyz).toBe('ok')
    expect(api.requests[0]?.headers.accept).toBe('*/*')
    expect(await errorOf(clientWith({ retry: { attempts: 1 } }).request({ method: 'GET', path: '/readyz' }))).toEqual(
      expect.objectContaining({ code: 'bad_response', message: expect.stringContaining("`answer: 'text'`") }),
    )
    api.answer(status(503, 'ServiceUnavailable', 'shutting down'))
    const failed = clientWith({ retry: { attempts: 1 } }).request({ method: 'GET', path: '/readyz', answer: 'text' })
    expect(await errorOf(failed)).toMatchObject({ code: 'unavailable', message: expect.stringContaining('shutting') })
  })

  it('rejects a login page and a response above the limit', async () => {
    api.answer((response) => response.writeHead(200).end('<html>sign in</html>'))
    expect(await errorOf(clientWith({ retry: { attempts: 1 } }).request({ method: 'GET', path: '/x' }))).toMatchObject({
      code: 'bad_response',
    })
    api.answer((response) => response.writeHead(200).end(Buffer.alloc(5_000)))
    expect(await errorOf(clientWith({ maxResponseBytes: 1_000 }).request({ method: 'GET', path: '/x' }))).toMatchObject(
      { code: 'response_too_large' },
    )
  })
})

describe('a write whose answer is lost', () => {
  const create = () => client.create(kinds.ConfigMap, configMap('a', 1))

  it.each([
    ['reset', dropConnection, 'connection'],
    ['500', status(500, 'InternalError', 'x'), 'server_error'],
    ['504', status(504, 'Timeout', 'x'), 'timeout'],
    ['503 that asks to come back', status(503, 'ServiceUnavailable', 'x', { 'retry-after': '1' }), 'unavailable'],
  ])('by %s is not retried and reports that it may have been applied', async (_, answer, code) => {
    api.answer(answer)
    expect(await errorOf(create())).toMatchObject({ code, retryable: true, maybeApplied: true })
    expect(api.requests).toHaveLength(1)
  })

  it('by silence reports that too', async () => {
    api.answer(() => undefined)
    const failed = errorOf(create())
    await api.seen(1)
    await clock.wakeSleeper(30_000, 30_000)
    const error = await failed
    expect(error).toMatchObject({ code: 'timeout', maybeApplied: true })
    expect(error.message).toContain('It may have been applied: read the object before you write again.')
  })

  it('is known not to have happened after a 409', async () => {
    api.answer(status(409, 'AlreadyExists', 'secrets "a" already exists'))
    expect(await errorOf(create())).toMatchObject({ code: 'already_exists', maybeApplied: false, retryable: false })
  })

  const remove = (uid?: string) =>
    client.delete(kinds.Job, { name: 'a', namespace: 'ns', ...(uid === undefined ? {} : { preconditions: { uid } }) })

  it('is retried when it deletes one uid, and its 404 then counts as success', async () => {
    api.answer(dropConnection, status(404, 'NotFound', 'gone'))
    const result = remove('u1')
    await clock.wakeSleeper(100, 100)
    await expect(result).resolves.toBeUndefined()
  })

  it('is still a 404 when nothing was sent before', async () => {
    api.answer(status(404, 'NotFound', 'never was'))
    expect(await errorOf(remove('u1'))).toMatchObject({ code: 'not_found' })
  })

  it('is not retried when it deletes by name only', async () => {
    api.answer(dropConnection)
    expect(await errorOf(remove())).toMatchObject({ code: 'connection', maybeApplied: true })
    expect(api.requests).toHaveLength(1)
  })
})

describe('a list', () => {
  const page = (names: string[], next?: string) =>
    json(200, {
      kind: 'ConfigMapList',
      metadata: { resourceVersion: '9', continue: next },
      items: names.map((name) => ({ metadata: { name } })),
    })

  it('reads all pages and sets apiVersion and kind of each item', async () => {
    api.answer(page(['a', 'b'], 'token/1'), page(['c']))
    const { items, resourceVersion } = await client.list(kinds.ConfigMap, {
      namespace: 'ns',
      labelSelector: 'x in (1,2)',
      limit: 2,
    })
    expect(items.map(({ kind, apiVersion, metadata }) => [apiVersion, kind, metadata?.name].join(' '))).toEqual([
      'v1 ConfigMap a',
      'v1 ConfigMap b',
      'v1 ConfigMap c',
    ])
    expect(resourceVersion).toBe('9')
    expect(api.requests.map(({ query }) => query.toString())).toEqual([
      'labelSelector=x+in+%281%2C2%29&limit=2',
      'labelSelector=x+in+%281%2C2%29&limit=2&continue=token%2F1',
    ])
  })

  it('starts over with a single request when a page has expired', async () => {
    api.answer(
      page(['a'], 'old'),
      status(410, 'Expired', 'The provided continue parameter is too old'),
      page(['a', 'b']),
    )
    const { items } = await client.list(kinds.ConfigMap, { limit: 1 })
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b'])
    expect(api.requests[2]?.query.toString()).toBe('')
  })

  it('may be empty, with null for items', async () => {
    api.answer(json(200, { metadata: { resourceVersion: '3' }, items: null }))
    expect(await client.list(kinds.Job)).toEqual({ items: [], resourceVersion: '3' })
  })
})

describe('a log', () => {
  const text = async (body: AsyncIterable<Uint8Array>) => {
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    return Buffer.concat(pieces).toString('utf8')
  }

  it('comes as bytes with status and headers', async () => {
    api.answer((response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('one\ntwo'))
    const log = await client.openLog({
      namespace: 'ns',
      pod: 'p',
      container: 'agent',
      follow: true,
      timestamps: true,
      sinceTime: '2026-11-21T09:00:00Z',
    })
    expect(log).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain' } })
    expect(await text(log.body)).toBe('one\ntwo')
    expect(api.requests[0]?.path).toBe('/api/v1/namespaces/ns/pods/p/log')
    expect(api.requests[0]?.query.toString()).toBe(
      'container=agent&follow=true&timestamps=true&sinceTime=2026-11-21T09%3A00%3A00Z',
    )
  })

  it('does not throw for a status of its own: the body explains it', async () => {
    api.answer(status(400, 'BadRequest', 'container "agent" in pod "p" is waiting to start: ContainerCreating'))
    const log = await client.openLog({ namespace: 'ns', pod: 'p' })
    expect(log.status).toBe(400)
    expect(await text(log.body)).toContain('ContainerCreating')
  })

  it('throws a KubeError when its connection breaks', async () => {
    const stream = fedStream()
    api.answer(stream.answer)
    const log = await client.openLog({ namespace: 'ns', pod: 'p', follow: true })
    const reading = errorOf(text(log.body))
    stream.raw('half a li')
    stream.reset()
    expect(await reading).toMatchObject({ code: 'connection', retryable: true, maybeApplied: false })
  })

  it('ends when its signal is aborted, and releases the connection', async () => {
    const stream = fedStream()
    api.answer(stream.answer)
    const abort = new AbortController()
    const log = await client.openLog({ namespace: 'ns', pod: 'p', follow: true, signal: abort.signal })
    abort.abort(new Error('seen enough'))
    await expect(text(log.body)).rejects.toThrow('seen enough')
    await stream.closed
  })

  it('may be silent for longer than any deadline', async () => {
    const stream = fedStream()
    api.answer(stream.answer)
    const log = await client.openLog({ namespace: 'ns', pod: 'p', follow: true })
    clock.advance(6 * 3_600_000)
    stream.raw('still here')
    stream.end()
    expect(await text(log.body)).toBe('still here')
  })

  it('does not take a connection from short calls, however many are open', async () => {
    const narrow = clientWith({ maxConnections: 1 })
    const streams = Array.from({ length: 20 }, () => fedStream())
    api.answer(...streams.map(({ answer }) => answer), json(200, configMap('a', 1)))
    await Promise.all(streams.map(() => narrow.openLog({ namespace: 'ns', pod: 'p', follow: true })))
    expect((await narrow.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })).metadata?.name).toBe('a')
  })
})

describe('a closed client', () => {
  it('rejects calls and ends running ones', async () => {
    const stream = fedStream()
    api.answer(stream.answer)
    const log = await client.openLog({ namespace: 'ns', pod: 'p', follow: true })
    const reading = errorOf(
      (async () => {
        for await (const piece of log.body) expect(piece).toBeDefined()
      })(),
    )
    await client.close()
    expect(await reading).toMatchObject({ code: 'closed' })
    expect(await errorOf(client.get(kinds.Job, { name: 'a', namespace: 'ns' }))).toMatchObject({ code: 'closed' })
    await stream.closed
  })
})

describe('options', () => {
  it('are validated first', () => {
    expect(() => clientWith({ requestTimeoutMs: 0 })).toThrow(
      'Expected `requestTimeoutMs` to be a positive number, got `0`',
    )
    const empty = api.kubeConfig()
    empty.setCurrentContext('nowhere')
    expect(() => clientWith({ kubeConfig: empty })).toThrow('got context `nowhere`')
  })
})
