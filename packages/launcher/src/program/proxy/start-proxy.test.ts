import { execFileSync } from 'node:child_process'
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createManualClock } from '@agent-jobs/primitives'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ProxySpec } from '../../launch-spec.ts'
import { proxyTimings, type ProxyTimings } from './proxy-timings.ts'
import { startProxy, type RunningProxy } from './start-proxy.ts'

const directory = mkdtempSync(join(tmpdir(), 'launcher-proxy-'))
let count = 0
const tokenFile = (content?: string): string => {
  count += 1
  const path = join(directory, `token-${count}`)
  if (content !== undefined) writeFileSync(path, content)
  return path
}

const open: Server[] = []
const connectionsOf = (server: Server): Promise<number> => promisify(server.getConnections.bind(server))()
const proxies: RunningProxy[] = []
afterEach(async () => {
  // Whatever a test did, no call may be on the way to the target once its callers are gone.
  for (const { server } of proxies.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await vi.waitFor(async () => {
    const counts = await Promise.all(open.map(connectionsOf))
    if (counts.some((each) => each > 0)) throw new Error(`connections are left: ${counts.join(', ')}`)
  })
  for (const server of open.splice(0)) server.close()
})

async function listen(listener: RequestListener, port = 0): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer((request, response) => {
    // The proxy's own check of its target.
    if (request.method === 'HEAD' && request.headers.authorization === undefined) response.end()
    else listener(request, response)
  })
  open.push(server)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${address.port}`, port: address.port, server }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

const quick: ProxyTimings = { ...proxyTimings, firstConnectMs: 300, lookMs: 10, retry: { baseMs: 20, maxMs: 100 } }

interface Started extends RunningProxy {
  url: string
  said: string[]
}

/** Starts a proxy and waits for its check of the target. */
async function start(
  targetUrl: string,
  more: Partial<ProxySpec> = {},
  timings: Partial<ProxyTimings> = {},
): Promise<Started> {
  const spec = { targetUrl, tokenFile: tokenFile('real'), envUrl: 'API', holdMs: 5000, refreshMs: 0, ...more }
  const said: string[] = []
  const proxy = await startProxy(spec, { unreachable: (text) => said.push(text), timings: { ...quick, ...timings } })
  proxies.push(proxy)
  await proxy.looked
  return { ...proxy, url: proxy.env['API'] ?? '', said }
}

async function proxyTo(targetUrl: string, more: Partial<ProxySpec> = {}): Promise<string> {
  return (await start(targetUrl, more)).url
}

/** Closes a target and everything on it; its address then refuses connections. */
async function goAway({ server }: { server: Server }): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  open.splice(open.indexOf(server), 1)
}

/** Answers with a status and a body that does not end, which holds its connection until one side closes it. */
const neverEnding =
  (status: number): RequestListener =>
  (_, response) => {
    response.writeHead(status)
    response.write('…')
  }

describe('a call that is tried again', () => {
  it('holds no connection of its earlier tries while the target is away', async () => {
    let tries = 0
    const most: number[] = []
    const target = await listen((request, response) => {
      tries += 1
      void connectionsOf(target.server).then((connections) => most.push(connections))
      if (tries < 6) neverEnding(503)(request, response)
      else response.end('there')
    })
    const proxy = await proxyTo(target.url)
    expect(await (await fetch(proxy)).text()).toBe('there')
    await vi.waitFor(() => expect(most).toHaveLength(6))
    // The connection before this one may be closing.
    expect(Math.max(...most)).toBeLessThanOrEqual(2)
  })

  it('holds no connection of the credentials that were refused', async () => {
    const path = tokenFile(JSON.stringify(['one', 'two', 'three', 'last'].map((token) => ({ authorization: token }))))
    const left = Promise.withResolvers<number>()
    const target = await listen((request, response) => {
      if (request.headers.authorization !== 'last') return neverEnding(401)(request, response)
      void vi
        .waitFor(async () => {
          if ((await connectionsOf(target.server)) > 1) throw new Error('refused calls are still open')
        })
        .then(() => left.resolve(1), left.reject)
        .finally(() => response.end('yes'))
      return undefined
    })
    const proxy = await proxyTo(target.url, { tokenFile: path })
    expect(await (await fetch(proxy)).text()).toBe('yes')
    expect(await left.promise).toBe(1)
  })

  it('holds no connection of credentials that the file replaced', async () => {
    const path = tokenFile('accepted')
    let current = 'accepted'
    const left = Promise.withResolvers<number>()
    const target = await listen((request, response) => {
      const token = request.headers.authorization?.replace('Bearer ', '')
      if (token !== current) {
        writeFileSync(path, current)
        return neverEnding(401)(request, response)
      }
      if (token === 'accepted') return response.end('first')
      void vi
        .waitFor(async () => {
          if ((await connectionsOf(target.server)) > 1) throw new Error('the refused call is still open')
        })
        .then(() => left.resolve(1), left.reject)
        .finally(() => response.end('second'))
      return undefined
    })
    const proxy = await proxyTo(target.url, { tokenFile: path, refreshMs: 5_000 })
    expect(await (await fetch(proxy)).text()).toBe('first')
    current = 'replaced'
    expect(await (await fetch(proxy)).text()).toBe('second')
    expect(await left.promise).toBe(1)
  })
})

describe('the proxy', () => {
  it('passes method, path, query, headers and body, and adds the token of the file', async () => {
    const { url } = await listen((request, response) => {
      const { authorization, 'x-mine': mine } = request.headers
      response.writeHead(201, { 'x-answer': 'yes' })
      void bodyOf(request).then((body) =>
        response.end(JSON.stringify([request.method, request.url, authorization, mine, body])),
      )
    })
    const proxy = await proxyTo(`${url}/base/`)
    const headers = { authorization: 'Bearer none', 'x-mine': 'm' }
    const answer = await fetch(`${proxy}/api/issues/1?full=1`, { method: 'PATCH', body: '{"a":1}', headers })
    expect([answer.status, answer.headers.get('x-answer')]).toEqual([201, 'yes'])
    expect(await answer.json()).toEqual(['PATCH', '/base/api/issues/1?full=1', 'Bearer real', 'm', '{"a":1}'])
  })

  it('reads the file for every call and takes headers from it too', async () => {
    const path = tokenFile('first')
    const { url } = await listen((request, response) => {
      response.end(`${request.headers.authorization} ${String(request.headers['x-run-id'])}`)
    })
    const proxy = await proxyTo(url, { tokenFile: path })
    expect(await (await fetch(proxy)).text()).toBe('Bearer first undefined')
    writeFileSync(path, JSON.stringify({ Authorization: 'Bearer second', 'X-Run-Id': 'r2' }))
    expect(await (await fetch(proxy)).text()).toBe('Bearer second r2')
  })

  it('passes the agent’s own headers without a file', async () => {
    const { url } = await listen((request, response) => response.end(request.headers.authorization))
    const proxy = await proxyTo(url, { tokenFile: tokenFile() })
    expect(await (await fetch(proxy, { headers: { authorization: 'Bearer own' } })).text()).toBe('Bearer own')
  })

  it('tries the next credential when one is refused, also for calls that change something', async () => {
    const seen: string[] = []
    const { url } = await listen((request, response) => {
      const { authorization = '' } = request.headers
      seen.push(authorization)
      response.writeHead(authorization === 'Bearer old' ? 200 : 409)
      response.end('done')
    })
    const credentials = [{ authorization: 'Bearer new' }, { authorization: 'Bearer old' }]
    const proxy = await proxyTo(url, { tokenFile: tokenFile(JSON.stringify(credentials)) })
    const answer = await fetch(`${proxy}/issue`, { method: 'PATCH', body: 'x' })
    expect([answer.status, await answer.text()]).toEqual([200, 'done'])
    expect(seen).toEqual(['Bearer new', 'Bearer old'])
  })

  it('returns the refusal when every credential is refused', async () => {
    const { url } = await listen((_, response) => response.writeHead(409).end('conflict'))
    const answer = await fetch(await proxyTo(url), { method: 'POST', body: 'x' })
    expect([answer.status, await answer.text()]).toEqual([409, 'conflict'])
  })

  it('holds a call whose token was accepted before and is refused now until the file has another', async () => {
    const path = tokenFile('first')
    let valid = 'Bearer first'
    const { url } = await listen((request, response) => {
      const isGood = request.headers.authorization === valid
      response.writeHead(isGood ? 200 : 401).end()
      if (!isGood) writeFileSync(path, 'fresh')
    })
    const proxy = await proxyTo(url, { tokenFile: path, refreshMs: 5000 })
    expect((await fetch(proxy)).status).toBe(200)
    valid = 'Bearer fresh'
    expect((await fetch(proxy, { method: 'POST', body: 'x' })).status).toBe(200)
  })

  it.each([401, 409, 422])(
    'holds a call that got %d after the target was away until the file has another',
    async (status) => {
      const path = tokenFile('first')
      const taken: RequestListener = (request, response) => {
        const isGood = request.headers.authorization === 'Bearer fresh'
        response.writeHead(isGood ? 200 : status).end()
        if (!isGood) writeFileSync(path, 'fresh')
      }
      const before = await listen((_, response) => response.end())
      const proxy = await proxyTo(before.url, { tokenFile: path, refreshMs: 5000 })
      await fetch(proxy)
      await goAway(before)
      const call = fetch(proxy, { method: 'POST', body: 'x' })
      await listen(taken, before.port)
      expect((await call).status).toBe(200)
    },
  )

  it.each([401, 409, 422])('returns a %d at once if the token cannot have changed', async (status) => {
    const { url } = await listen((_, response) => response.writeHead(status).end('refused'))
    const proxy = await proxyTo(url, { refreshMs: 60_000 })
    const answers = await Promise.all([1, 2, 3].map(() => fetch(proxy, { method: 'POST', body: 'x' })))
    expect(answers.map((answer) => answer.status)).toEqual([status, status, status])
  })

  it('waits for another token once, not with every call', async () => {
    let valid = true
    const { url } = await listen((_, response) => response.writeHead(valid ? 200 : 401).end())
    const clock = createManualClock()
    const spec = { targetUrl: url, tokenFile: tokenFile('t'), envUrl: 'API', refreshMs: 1000 }
    const proxy = await startProxy(spec, { unreachable: () => undefined, timings: quick, clock })
    proxies.push(proxy)
    const { API = '' } = proxy.env
    await fetch(API)
    valid = false
    const settled = vi.fn<(answer: Response) => void>()
    const first = fetch(API).then(settled)
    await vi.waitFor(async () => {
      await clock.advance(200)
      expect(settled).toHaveBeenCalledOnce()
    })
    await first
    expect(clock.now()).toBeGreaterThanOrEqual(1000)
    // Time does not advance now, so a call that waited would not return.
    expect((await fetch(API)).status).toBe(401)
  })

  it('holds calls of every method while the file is an empty list, and sends nothing to the target', async () => {
    const path = tokenFile('[]')
    const seen: string[] = []
    const { url } = await listen((request, response) => {
      seen.push(`${request.method} ${request.headers.authorization}`)
      response.end()
    })
    const proxy = await proxyTo(url, { tokenFile: path })
    const calls = ['GET', 'PATCH'].map((method) => fetch(proxy, { method }))
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual([])
    writeFileSync(path, JSON.stringify([{ authorization: 'Bearer new' }]))
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200])
    expect(seen.toSorted()).toEqual(['GET Bearer new', 'PATCH Bearer new'])
  })

  it('reports a run that has been changing hands for too long', async () => {
    const { url } = await listen((_, response) => response.end())
    const answer = await fetch(await proxyTo(url, { tokenFile: tokenFile('[]'), holdMs: 300 }))
    expect(answer.status).toBe(502)
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/changing hands/) })
  })

  it('holds calls of every method while a target that was there refuses connections', async () => {
    const away = await listen(() => undefined)
    const proxy = await proxyTo(away.url)
    await goAway(away)
    const calls = ['GET', 'POST', 'PATCH'].map((method) =>
      fetch(proxy, method === 'GET' ? {} : { method, body: method }).then((answer) => answer.text()),
    )
    await listen((request, response) => {
      void bodyOf(request).then((body) => response.end(`${request.method} ${body}`))
    }, away.port)
    expect(await Promise.all(calls)).toEqual(['GET ', 'POST POST', 'PATCH PATCH'])
  })

  it.each([502, 503, 504, 'reset'] as const)(
    'holds calls of every method while an ingress answers %s for its target',
    async (how) => {
      let isAway = false
      const seen: string[] = []
      const ingress = createServer((request, response) => {
        if (isAway && how === 'reset') return request.socket.destroy()
        if (isAway) return response.writeHead(how === 'reset' ? 500 : how).end('away')
        if (request.headers.authorization !== undefined) seen.push(request.method ?? '')
        return response.end('done')
      })
      open.push(ingress)
      await new Promise<void>((resolve) => ingress.listen(0, '127.0.0.1', resolve))
      const proxy = await proxyTo(`http://127.0.0.1:${(ingress.address() as AddressInfo).port}`)
      isAway = true
      const calls = ['GET', 'POST', 'PATCH'].map((method) => fetch(proxy, { method }).then((answer) => answer.text()))
      await new Promise((resolve) => setImmediate(resolve))
      isAway = false
      expect(await Promise.all(calls)).toEqual(['done', 'done', 'done'])
      expect(seen.toSorted()).toEqual(['GET', 'PATCH', 'POST'])
    },
  )

  it('retries only idempotent calls after a broken connection or a 503 of a reachable target', async () => {
    const seen: string[] = []
    const { url } = await listen((request, response) => {
      const name = `${request.method} ${request.url}`
      seen.push(name)
      if (seen.filter((other) => other === name).length > 1) response.end('second')
      else if (request.url === '/503') response.writeHead(503).end('busy')
      else request.socket.destroy()
    })
    const proxy = await proxyTo(url)
    const call = async (method: string, path: string, headers = {}): Promise<string> => {
      const answer = await fetch(proxy + path, { method, headers })
      return `${answer.status} ${await answer.text()}`
    }
    expect(await call('GET', '/cut')).toBe('200 second')
    expect(await call('PUT', '/cut')).toBe('200 second')
    expect(await call('DELETE', '/503')).toBe('200 second')
    expect(await call('POST', '/keyed', { 'Idempotency-Key': 'k' })).toBe('200 second')
    expect(await call('POST', '/503')).toBe('503 busy')
    expect(await call('POST', '/cut')).toMatch(/^502 \{"error":"agent-jobs launcher: http:.*socket hang up"\}$/)
    expect(seen.filter((name) => name === 'POST /cut')).toHaveLength(1)
  })

  it('gives up after holdMs and reports what it saw', async () => {
    const away = await listen(() => undefined)
    const proxy = await proxyTo(away.url, { holdMs: 300 })
    await goAway(away)
    const answer = await fetch(proxy)
    expect(answer.status).toBe(502)
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^agent-jobs launcher: .* ECONNREFUSED/) })
  })

  it('reports at the start that the target cannot be reached, and holds no calls for it', async () => {
    const away = await listen(() => undefined)
    await goAway(away)
    const clock = createManualClock()
    const said: string[] = []
    const spec = { targetUrl: away.url, tokenFile: tokenFile('t'), envUrl: 'API', holdMs: 60_000 }
    const proxy = await startProxy(spec, { unreachable: (text) => said.push(text), timings: quick, clock })
    proxies.push(proxy)
    await proxy.looked
    expect(said).toEqual([expect.stringMatching(/^http:.* cannot be reached from this pod: .*ECONNREFUSED/)])
    const statuses = await Promise.all(['GET', 'POST'].map((method) => fetch(proxy.env['API'] ?? '', { method })))
    expect(statuses.map(({ status }) => status)).toEqual([502, 502])
    // A held call would wait for the clock.
    expect([clock.now(), clock.sleepers]).toEqual([0, 0])
  })

  it('reports at the start that an ingress has no target, and returns its responses', async () => {
    const ingress = createServer((_, response) => response.writeHead(503).end('no target'))
    open.push(ingress)
    await new Promise<void>((resolve) => ingress.listen(0, '127.0.0.1', resolve))
    const { url, said } = await start(`http://127.0.0.1:${(ingress.address() as AddressInfo).port}`)
    expect(said).toEqual([expect.stringContaining('it answers 503')])
    expect(await (await fetch(url)).text()).toBe('no target')
  })

  it('gives up within a second on a target that does not respond at the start', async () => {
    expect(proxyTimings.firstConnectMs).toBeLessThanOrEqual(1000)
    const silent = createNetServer((socket) => void socket.resume())
    open.push(silent as unknown as Server)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { said, url } = await start(
      `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      {},
      { answerMs: 200 },
    )
    expect(said).toEqual([expect.stringContaining('no answer within 300 ms')])
    expect((await fetch(url)).status).toBe(502)
  })

  it('gives up on a call without a response', async () => {
    const { url } = await listen(() => undefined)
    const { url: proxy } = await start(url, { holdMs: 100 }, { answerMs: 50 })
    const answer = await fetch(proxy, { method: 'POST', body: 'x' })
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('no answer within 50 ms')])
  })

  it('accepts any number of calls: each returns its share of the budget', async () => {
    const { url } = await listen((request, response) => {
      void bodyOf(request).then((body) => response.end(String(body.length)))
    })
    const proxy = await proxyTo(url)
    for (let round = 0; round < 3; round += 1) {
      const statuses = await Promise.all(Array.from({ length: 30 }, () => fetch(proxy).then(({ status }) => status)))
      expect(new Set(statuses)).toEqual(new Set([200]))
    }
    for (let round = 0; round < 6; round += 1) {
      const answer = await fetch(proxy, { method: 'POST', body: Buffer.alloc(7 * 1024 * 1024) })
      expect(await answer.text()).toBe(String(7 * 1024 * 1024))
    }
    expect((await fetch(proxy, { method: 'POST', body: Buffer.alloc(9 * 1024 * 1024) })).status).toBe(413)
    expect((await fetch(proxy)).status).toBe(200)
  })

  it('refuses more concurrent calls than it can hold, and accepts others when these have ended', async () => {
    const held: (() => void)[] = []
    const { url } = await listen((_, response) => held.push(() => response.end('late')))
    const proxy = await proxyTo(url)
    const calls = Array.from({ length: 64 }, () => fetch(proxy).then((answer) => answer.text()))
    await vi.waitFor(() => expect(held).toHaveLength(64))
    expect((await fetch(proxy)).status).toBe(503)
    for (const answer of held.splice(0)) answer()
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['late']))
    const next = fetch(proxy)
    await vi.waitFor(() => expect(held).toHaveLength(1))
    held[0]?.()
    expect((await next).status).toBe(200)
  })

  it('listens on the loopback address alone', async () => {
    const { url } = await listen((_, response) => response.end())
    const { server } = await start(url)
    expect(server.address()).toMatchObject({ address: '127.0.0.1' })
  })

  it('streams a response as it arrives', async () => {
    let finish = (): void => undefined
    const { url } = await listen((_, response) => {
      response.write('one')
      finish = () => response.end('two')
    })
    const answer = await fetch(await proxyTo(url))
    const reader = answer.body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('one')
    finish()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('two')
  })

  it('refuses calls without the password of the run, when asked to make one', async () => {
    const { url } = await listen((request, response) => response.end(request.headers.authorization))
    const { env } = await start(url, { envToken: 'KEY' })
    const { API = '', KEY = '' } = env
    expect((await fetch(API)).status).toBe(401)
    expect((await fetch(API, { headers: { authorization: `Bearer ${'0'.repeat(KEY.length)}` } })).status).toBe(401)
    expect(await (await fetch(API, { headers: { authorization: `Bearer ${KEY}` } })).text()).toBe('Bearer real')
  })

  it('never sends the password of the run to the target', async () => {
    const { url } = await listen((request, response) => response.end(JSON.stringify(request.rawHeaders)))
    const { env } = await start(url, { envToken: 'KEY', tokenFile: tokenFile() })
    const { API = '', KEY = '' } = env
    const seen = await (await fetch(API, { headers: { authorization: `Bearer ${KEY}` } })).text()
    expect(seen.toLowerCase()).not.toContain('authorization')
    expect(seen).not.toContain(KEY)
  })

  it.each(['before', 'within'])('drops a call whose caller went away %s the response', async (when) => {
    const [came, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { url } = await listen((request, response) => {
      request.socket.once('close', () => closed.resolve())
      if (when === 'within') response.write('a piece')
      came.resolve()
    })
    const gone = new AbortController()
    const call = fetch(await proxyTo(url), { signal: gone.signal }).then((answer) => answer.text())
    await came.promise
    gone.abort()
    await expect(call).rejects.toThrow(/abort/)
    await closed.promise
  })
})

describe('the token file', () => {
  it('counts as missing while it is not a short regular file', async () => {
    const { url } = await listen((request, response) => response.end(request.headers.authorization))
    const fifo = tokenFile()
    execFileSync('mkfifo', [fifo])
    const link = tokenFile()
    symlinkSync(tokenFile('linked'), link)
    for (const path of [fifo, link, tokenFile('x'.repeat(70_000)), '/dev/zero', tmpdir()]) {
      const proxy = await proxyTo(url, { tokenFile: path })
      expect(await (await fetch(proxy, { headers: { authorization: 'Bearer own' } })).text()).toBe('Bearer own')
    }
  })

  for (const [name, content] of [
    ['half written', '[{"authorization":"Bear'],
    ['empty', ''],
    ['of numbers', '[1, {"a": 2}]'],
  ]) {
    it(`counts as missing while it is ${name}`, async () => {
      const { url } = await listen((request, response) => response.end(request.headers.authorization))
      const proxy = await proxyTo(url, { tokenFile: tokenFile(content) })
      expect(await (await fetch(proxy, { headers: { authorization: 'Bearer own' } })).text()).toBe('Bearer own')
    })
  }
})
