import { gzipSync } from 'node:zlib'
import type { V1ConfigMap } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { added, bookmark, configMap, deleted, expired, modified, take } from '../../test/events.ts'
import {
  fedStream,
  json,
  startFakeApiServer,
  status,
  type Answer,
  type FakeApiServer,
} from '../../test/fake-api-server.ts'
import { readFixture } from '../../test/fixture.ts'
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts'
import { createKubeClient, type KubeClient } from '../kube-client.ts'
import { kinds } from '../resource-kind.ts'
import type { WatchProblem } from './watch-problem.ts'
import type { ListWatchEvent } from './subscription.ts'

let api: FakeApiServer
let clock: ManualClock
let client: KubeClient
let stop: AbortController
let problems: WatchProblem[]

beforeEach(async () => {
  api = await startFakeApiServer()
  clock = createManualClock()
  stop = new AbortController()
  problems = []
  client = createKubeClient({
    kubeConfig: api.kubeConfig(),
    clock,
    random: () => 0.5,
    watch: { relistMs: 600_000, watchSeconds: 300 },
    onWatchProblem: (problem) => problems.push(problem),
  })
})

afterEach(async () => {
  stop.abort()
  await client.close()
  await api[Symbol.asyncDispose]()
})

function watch(o: { labelSelector?: string; signal?: AbortSignal } = {}): AsyncIterator<ListWatchEvent<V1ConfigMap>> {
  return client.listWatch(kinds.ConfigMap, { namespace: 'ns', signal: stop.signal, ...o })[Symbol.asyncIterator]()
}

const list = (version: number, ...items: V1ConfigMap[]): Answer =>
  json(200, { kind: 'ConfigMapList', metadata: { resourceVersion: String(version) }, items })
const queries = () => api.requests.map(({ query }) => Object.fromEntries(query))

/** A watch that has reported `a@5` and is synced at 10. */
async function synced(...next: Answer[]) {
  const stream = fedStream()
  api.answer(stream.answer, ...next)
  const events = watch()
  const first = take(events, 2)
  await stream.opened
  stream.send(added('a', 5), bookmark(10, { end: true }))
  expect(await first).toEqual(['added a@5', 'synced 10'])
  return { stream, events }
}

describe('the start', () => {
  it('is one request when the server takes WatchList', async () => {
    const { stream, events } = await synced()
    stream.send(modified('a', 11), added('b', 12), deleted('a', 13))
    expect(await take(events, 3)).toEqual(['modified a@11', 'added b@12', 'deleted a@13'])
    expect(queries()).toEqual([
      {
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: '450',
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
      },
    ])
  })

  it('reads the recorded WatchList of a real server', async () => {
    const lines = readFixture('watch-bookmarks/pods-watchlist.ndjson')
    const pods = lines
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('{"type":"ADDED"')).length
    const stream = fedStream()
    api.answer(stream.answer)
    const names = new Set<string>()
    const iterator = client.listWatch(kinds.Pod, { namespace: 'loglab', signal: stop.signal })[Symbol.asyncIterator]()
    const first = iterator.next()
    await stream.opened
    stream.raw(lines)
    for (let next = await first; !next.done; next = await iterator.next()) {
      if (next.value.type === 'synced') break
      names.add(next.value.object.metadata?.uid ?? '')
      expect(next.value.object.metadata?.creationTimestamp).toBeInstanceOf(Date)
    }
    expect(names.size).toBe(pods)
  })

  it.each([
    [
      422,
      'Invalid',
      'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    ],
    [400, 'BadRequest', 'resourceVersionMatch is forbidden for watch'],
  ])('is list and watch when the server answers %i, and continues that way', async (code, reason, message) => {
    const [one, two] = [fedStream(), fedStream()]
    api.answer(status(code, reason, message), list(10, configMap('a', 5)), one.answer, two.answer)
    const events = watch()
    expect(await take(events, 2)).toEqual(['added a@5', 'synced 10'])
    await one.opened
    clock.advance(6_000)
    one.end()
    await two.opened
    expect(queries().slice(1)).toMatchObject([{ limit: '500' }, { resourceVersion: '10' }, { resourceVersion: '10' }])
    expect(problems).toEqual([])
  })

  const page: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<html>\nlogin\n</html>')
  }
  const compressed: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(gzipSync('{}'))
  }
  const redirect: Answer = (response) => {
    response.writeHead(302, { location: 'https://login.example/?token=secret' })
    response.end()
  }
  const truncated: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write(`${JSON.stringify(added('a', 5))}\n{"type":`)
    setImmediate(() => response.destroy())
  }
  it.each<[string, Answer, string]>([
    ['a page of HTML', page, 'answered 200 with text/html instead of JSON'],
    ['a compressed body', compressed, 'with a body in gzip, which was not asked for'],
    ['a redirect', redirect, 'Redirected to https://login.example, which is not followed'],
    ['a truncated body', truncated, 'broke before the answer was complete'],
    ['403', status(403, 'Forbidden', 'cannot watch'), 'answered 403'],
    ['405', status(405, 'MethodNotAllowed', 'no'), 'answered 405'],
    ['500', status(500, 'InternalError', 'no'), 'answered 500'],
  ])('is list and watch after %s, and reports it', async (_what, answer, expected) => {
    const stream = fedStream()
    api.answer(answer, list(10, configMap('a', 5)), stream.answer)
    const events = watch()
    expect(await take(events, 2)).toEqual(['added a@5', 'synced 10'])
    await stream.opened
    expect(problems).toHaveLength(1)
    expect(problems[0]?.error.message).toContain(expected)
    expect(problems[0]?.error.message).not.toContain('secret')
  })

  it('is list and watch after ten seconds without headers', async () => {
    const stream = fedStream()
    api.answer(() => undefined, list(10, configMap('a', 5)), stream.answer)
    const first = take(watch(), 2)
    await api.seen(1)
    await clock.wakeSleeper(10_000, 10_000)
    expect(await first).toEqual(['added a@5', 'synced 10'])
    expect(problems.map(({ error }) => error.code)).toEqual(['timeout'])
  })

  it('is list and watch when the server treats WatchList as a plain watch and sends nothing more', async () => {
    const [plain, second] = [fedStream(), fedStream()]
    api.answer(plain.answer, list(10, configMap('a', 5)), second.answer)
    const events = watch()
    const first = take(events, 2)
    await plain.opened
    await clock.wakeSleeper(2_000, 2_000)
    expect(await first).toEqual(['added a@5', 'synced 10'])
    await plain.closed
  })

  it('is list and watch when the server does not know `watch`, or ends it before the state is whole', async () => {
    const objects = [configMap('a', 5)]
    const cut = fedStream()
    const second = fedStream()
    api.answer(list(10, ...objects), list(10, ...objects), cut.answer)
    const events = watch()
    const first = take(events, 2)
    await clock.wakeSleeper(1, 1_999)
    expect(await first).toEqual(['added a@5', 'synced 10'])
    await cut.opened
    api.answer(second.answer)
    clock.advance(6_000)
    cut.end()
    await second.opened
    second.send(modified('a', 11))
    expect(await take(events, 1)).toEqual(['modified a@11'])
  })

  it('sorts out changes that arrive between the objects of the first state', async () => {
    const stream = fedStream()
    api.answer(stream.answer)
    const events = watch()
    const first = take(events, 2)
    await stream.opened
    stream.send(added('a', 5), added('b', 6), modified('a', 8), deleted('b', 9), bookmark(9, { end: true }))
    expect(await first).toEqual(['added a@8', 'synced 9'])
  })

  it.each([
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'not_found'],
    [401, 'Unauthorized', 'unauthorized'],
  ])('throws when the server keeps answering %i', async (code, reason, expected) => {
    api.answer(status(code, reason, 'no'))
    await expect(watch().next()).rejects.toMatchObject({
      code: expected,
      object: { kind: 'ConfigMap', namespace: 'ns' },
    })
  })

  it('waits for a server that has not started yet', async () => {
    await api.stop()
    const events = watch()
    const first = take(events, 1)
    await clock.sleeper(100, 100)
    const stream = fedStream()
    api.answer(stream.answer)
    await api.listen()
    clock.advance(100)
    await stream.opened
    stream.send(bookmark(10, { end: true }))
    expect(await first).toEqual(['synced 10'])
    expect(problems[0]).toMatchObject({ watch: 'configmaps in ns', error: { code: 'connection' } })
  })
})

describe('a break', () => {
  it('of any kind is resumed at the version of the last event or bookmark', async () => {
    const next = [fedStream(), fedStream(), fedStream()] as const
    const { stream, events } = await synced(...next.map(({ answer }) => answer))
    stream.send(modified('a', 11), bookmark(20))
    expect(await take(events, 1)).toEqual(['modified a@11'])
    clock.advance(6_000)
    stream.end()
    await next[0].opened
    next[0].send(modified('a', 21))
    expect(await take(events, 1)).toEqual(['modified a@21'])
    clock.advance(6_000)
    next[0].reset()
    await clock.wakeSleeper(100, 100)
    await next[1].opened
    clock.advance(6_000)
    next[1].raw('{"type":"ADDED","object":{"metadata":{"na')
    next[1].end()
    await next[2].opened
    next[2].send(added('b', 22))
    expect(await take(events, 1)).toEqual(['added b@22'])
    expect(queries().map(({ resourceVersion }) => resourceVersion)).toEqual([undefined, '20', '21', '21'])
  })

  it('right after the start is not retried at once', async () => {
    const next = fedStream()
    const { stream, events } = await synced(next.answer)
    stream.end()
    await clock.wakeSleeper(100, 100)
    await next.opened
    next.send(modified('a', 11))
    expect(await take(events, 1)).toEqual(['modified a@11'])
  })

  it('of thirty minutes is survived', async () => {
    const { stream, events } = await synced()
    const awayUntil = clock.now() + 30 * 60_000
    const stopped = api.stop()
    stream.reset()
    await stopped
    let tries = 0
    while (clock.now() < awayUntil) {
      await clock.wakeSleeper(1, 9_999)
      tries += 1
    }
    // Half of 10 s on average: patient enough for the server, soon enough for the waiting caller.
    expect(tries).toBeGreaterThan(300)
    expect(tries).toBeLessThan(420)
    const back = fedStream()
    api.answer(back.answer)
    const pending = take(events, 4)
    await clock.sleeper(1, 9_999)
    await api.listen()
    await clock.wakeSleeper(1, 9_999)
    await back.opened
    back.send(added('b', 31), added('c', 32), bookmark(40, { end: true }))
    expect(await pending).toEqual(['deleted a@5', 'added b@31', 'added c@32', 'synced 40'])
    expect(problems.length).toBeGreaterThan(300)
  })

  it('with 429 waits as long as the server asks', async () => {
    const next = fedStream()
    const { stream } = await synced(status(429, 'TooManyRequests', 'x', { 'retry-after': '20' }), next.answer)
    clock.advance(6_000)
    stream.end()
    expect(await clock.wakeSleeper(20_000, 20_200)).toBeGreaterThanOrEqual(20_000)
    await next.opened
  })

  it.each([401, 403, 500, 503, 504])('with %i after the first list is survived', async (code) => {
    const next = fedStream()
    const refusals = code === 401 ? 2 : 1
    const { stream, events } = await synced(
      ...Array.from({ length: refusals }, () => status(code, 'X', 'x')),
      next.answer,
    )
    clock.advance(6_000)
    stream.end()
    await clock.wakeSleeper(100, 100)
    await next.opened
    next.send(modified('a', 11))
    expect(await take(events, 1)).toEqual(['modified a@11'])
    expect(problems).toMatchObject([{ error: { status: code } }])
  })
})

describe('an expired version', () => {
  const relisted = [added('b', 40), bookmark(50, { end: true })]

  it('reported by an event, as recorded, is followed by a new list and its differences', async () => {
    const [expiredWatch, next] = [fedStream(), fedStream()]
    const { stream, events } = await synced(expiredWatch.answer, next.answer)
    clock.advance(6_000)
    stream.end()
    await expiredWatch.opened
    expiredWatch.raw(readFixture('watch-410/jobs-watch-rv1.ndjson'))
    await next.opened
    next.send(...relisted)
    expect(await take(events, 3)).toEqual(['deleted a@5', 'added b@40', 'synced 50'])
    expect(queries().at(-1)).toMatchObject({ sendInitialEvents: 'true' })
  })

  it('reported by a status is handled the same', async () => {
    const next = fedStream()
    const { stream, events } = await synced(status(410, 'Expired', 'too old resource version'), next.answer)
    clock.advance(6_000)
    stream.end()
    await next.opened
    next.send(...relisted)
    expect(await take(events, 3)).toEqual(['deleted a@5', 'added b@40', 'synced 50'])
  })

  it('reported repeatedly is not requested without a pause', async () => {
    const streams = [fedStream(), fedStream()] as const
    const { stream } = await synced(...streams.map(({ answer }) => answer))
    stream.send(expired)
    await streams[0].opened
    streams[0].send(expired)
    expect(await clock.sleeper(1, 9_999)).toBeGreaterThan(0)
  })
})

describe('a dead link', () => {
  it('is detected after 90 s without a byte, and everything is listed again', async () => {
    const next = fedStream()
    const { stream, events } = await synced(next.answer)
    // The version may be one from the future (etcd was restored): the server is then silent indefinitely.
    clock.advance(60_000)
    stream.send(bookmark(11))
    stream.send(modified('a', 12))
    expect(await take(events, 1)).toEqual(['modified a@12'])
    clock.advance(89_999)
    clock.advance(1)
    await next.opened
    await stream.closed
    expect(queries().at(-1)).toMatchObject({ sendInitialEvents: 'true' })
    expect(problems).toMatchObject([
      { error: { code: 'timeout', message: expect.stringContaining('no byte for 90000 ms') as string } },
    ])
  })

  it('at the start is followed by short watches, which bring changes through a proxy that holds bodies back', async () => {
    const held: Answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(modified('a', 11))}\n`)
    }
    api.answer(fedStream().answer, list(10, configMap('a', 5)), held, fedStream().answer)
    const events = watch()
    const first = take(events, 3)
    await api.seen(1)
    await clock.wakeSleeper(2_000, 2_000)
    expect(await first).toEqual(['added a@5', 'synced 10', 'modified a@11'])
    expect(Number(api.requests[2]?.query.get('timeoutSeconds'))).toBeLessThanOrEqual(20)
    expect(problems.map(({ error }) => error.code)).toEqual(['timeout'])
  })

  it('is not assumed during an object of 8 MiB', async () => {
    const { stream, events } = await synced()
    stream.send({ type: 'MODIFIED', object: { ...configMap('a', 12), data: { x: 'y'.repeat(8 * 1_048_576) } } })
    expect(await take(events, 1)).toEqual(['modified a@12'])
    expect(api.requests).toHaveLength(1)
  })
})

describe('the periodic list', () => {
  it('comes after 8 to 12 minutes and finds dropped changes', async () => {
    const next = fedStream()
    const { stream, events } = await synced(next.answer)
    for (let minute = 1; minute <= 10; minute += 1) {
      const arrived = take(events, 1)
      stream.send(modified('a', 10 + minute))
      await arrived
      clock.advance(60_000)
    }
    await next.opened
    next.send(modified('a', 20), added('dropped', 15), bookmark(30, { end: true }))
    expect(await take(events, 2)).toEqual(['added dropped@15', 'synced 30'])
  })
})

describe('strange events', () => {
  it('that are old, doubled or for a name with a new uid keep the state correct', async () => {
    const { stream, events } = await synced()
    stream.send(
      added('a', 5),
      modified('a', 4),
      modified('a', 11),
      modified('a', 11),
      added('a', 12, 'second'),
      modified('a', 11),
      deleted('a', 12, 'uid-a'),
      added('end', 20),
    )
    const told = await take(events, 4)
    expect(told).toEqual(
      ['modified a@11', 'deleted a@11', 'added a@12', 'added end@20'].filter((_, index) => index < told.length),
    )
  })

  it('that cannot be read are followed by a new list', async () => {
    const next = fedStream()
    const { stream, events } = await synced(next.answer)
    stream.raw('{"type":"ADDED","object":{"metadata":{"na\n')
    await clock.wakeSleeper(100, 100)
    await next.opened
    next.send(added('a', 5), added('b', 11), bookmark(12, { end: true }))
    expect(await take(events, 2)).toEqual(['added b@11', 'synced 12'])
    expect(problems).toMatchObject([{ error: { code: 'bad_response' } }])
  })

  it('of unknown types, and without an object, are followed by a new list', async () => {
    for (const strange of [{ type: 'NEWS', object: {} }, { type: 'ADDED' }, 7, null]) {
      const next = fedStream()
      const { stream, events } = await synced(next.answer)
      stream.send(strange)
      await clock.wakeSleeper(100, 100)
      await next.opened
      await events.return?.()
      await next.closed
      expect(queries().at(-1)).toMatchObject({ sendInitialEvents: 'true' })
      expect(problems.at(-1)).toMatchObject({ error: { code: 'bad_response' } })
      api.requests.length = 0
    }
  })

  it('from a list older than what is known are ignored, until it is clear that the store went back', async () => {
    const streams = [fedStream(), fedStream(), fedStream(), fedStream()] as const
    const { stream, events } = await synced(...streams.map(({ answer }) => answer))
    stream.send(modified('a', 40))
    expect(await take(events, 1)).toEqual(['modified a@40'])
    clock.advance(6_000)
    stream.send(expired)
    for (const [index, old] of streams.entries()) {
      await old.opened
      old.send(added('a', 5), bookmark(7, { end: true }))
      if (index < 3) await clock.wakeSleeper(1, 1_999)
    }
    expect(await take(events, 2)).toEqual(['modified a@5', 'synced 7'])
    expect(problems.filter(({ error }) => error.code === 'stale_list')).toHaveLength(3)
  })
})

describe('subscribers', () => {
  it('share one watch; late ones get the state first', async () => {
    const { stream, events } = await synced()
    const late = watch()
    expect(await take(late, 2)).toEqual(['added a@5', 'synced 10'])
    stream.send(modified('a', 11))
    expect(await take(events, 1)).toEqual(['modified a@11'])
    expect(await take(late, 1)).toEqual(['modified a@11'])
    expect(api.requests).toHaveLength(1)
  })

  it('of another selector have a watch of their own', async () => {
    const other = fedStream()
    await synced(other.answer)
    const selected = watch({ labelSelector: 'x=y' })
    const first = take(selected, 1)
    await other.opened
    other.send(bookmark(3, { end: true }))
    expect(await first).toEqual(['synced 3'])
    expect(queries()[1]).toMatchObject({ labelSelector: 'x=y' })
  })

  it('close the watch when the last of them leaves', async () => {
    const { stream, events } = await synced()
    const leave = new AbortController()
    const second = watch({ signal: leave.signal })
    expect(await take(second, 2)).toHaveLength(2)
    const waiting = second.next()
    leave.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    stream.send(modified('a', 11))
    expect(await take(events, 1)).toEqual(['modified a@11'])
    await events.return?.()
    await stream.closed
    expect(clock.sleeping).toEqual([])
  })

  it('open a new watch after that', async () => {
    const again = fedStream()
    const { stream, events } = await synced(again.answer)
    await events.return?.()
    await stream.closed
    const first = take(watch(), 1)
    await again.opened
    again.send(bookmark(99, { end: true }))
    expect(await first).toEqual(['synced 99'])
  })

  it('whose signal is already aborted get nothing and open nothing', async () => {
    expect(await watch({ signal: AbortSignal.abort() }).next()).toEqual({ done: true, value: undefined })
    expect(api.requests).toHaveLength(0)
  })

  it('that never read do not hold up the others', async () => {
    const { stream, events } = await synced()
    const lazy = watch()
    for (let version = 11; version <= 2_000; version += 1) stream.send(modified('a', version))
    stream.send(added('end', 3_000))
    let last = ''
    while (!last.startsWith('added end')) [last = ''] = await take(events, 1)
    expect(await take(lazy, 3)).toEqual(['added a@2000', 'synced 10', 'added end@3000'])
  })

  it('are told that the client was closed', async () => {
    const { events } = await synced()
    const waiting = events.next()
    const closing = client.close()
    await expect(waiting).rejects.toMatchObject({ code: 'closed' })
    await closing
    expect(() => watch()).toThrow('closed')
  })
})
