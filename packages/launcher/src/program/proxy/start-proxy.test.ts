import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ProxySpec } from '../../launch-spec.ts'
import { startProxy } from './start-proxy.ts'

const directory = mkdtempSync(join(tmpdir(), 'launcher-proxy-'))
let count = 0
const tokenFile = (content?: string): string => {
  count += 1
  const path = join(directory, `token-${count}`)
  if (content !== undefined) writeFileSync(path, content)
  return path
}

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close().closeAllConnections()
})

async function listen(listener: RequestListener, port = 0): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(listener)
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

/** Starts a proxy and returns its address. */
async function proxyTo(targetUrl: string, more: Partial<ProxySpec> = {}): Promise<string> {
  const spec = { targetUrl, tokenFile: tokenFile('real'), envUrl: 'API', holdMs: 5000, refreshMs: 0, ...more }
  const { API } = await startProxy(spec)
  return API ?? ''
}

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

  it('passes the agent’s own headers while there is no file', async () => {
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

  it('gives the refusal when every credential is refused', async () => {
    const { url } = await listen((_, response) => response.writeHead(409).end('conflict'))
    const answer = await fetch(await proxyTo(url), { method: 'POST', body: 'x' })
    expect([answer.status, await answer.text()]).toEqual([409, 'conflict'])
  })

  it('holds a refused call until the file has other credentials', async () => {
    const path = tokenFile('dead')
    const { url } = await listen((request, response) => {
      const isGood = request.headers.authorization === 'Bearer fresh'
      response.writeHead(isGood ? 200 : 401).end()
      writeFileSync(path, 'fresh')
    })
    const answer = await fetch(await proxyTo(url, { tokenFile: path, refreshMs: 5000 }), { method: 'POST', body: 'x' })
    expect(answer.status).toBe(200)
  })

  it('holds calls of every method while the file is an empty list, and asks the target nothing', async () => {
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

  it('says so when the run has changed hands for too long', async () => {
    const { url } = await listen((_, response) => response.end())
    const answer = await fetch(await proxyTo(url, { tokenFile: tokenFile('[]'), holdMs: 300 }))
    expect(answer.status).toBe(502)
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/changing hands/) })
  })

  it('holds calls of every method while the target refuses connections', async () => {
    const away = await listen(() => undefined)
    await new Promise((resolve) => away.server.close(resolve))
    const proxy = await proxyTo(away.url)
    const calls = ['GET', 'POST', 'PATCH'].map((method) =>
      fetch(proxy, method === 'GET' ? {} : { method, body: method }).then((answer) => answer.text()),
    )
    await listen((request, response) => {
      void bodyOf(request).then((body) => response.end(`${request.method} ${body}`))
    }, away.port)
    expect(await Promise.all(calls)).toEqual(['GET ', 'POST POST', 'PATCH PATCH'])
  })

  it('repeats what is idempotent after a broken connection or a 503, and nothing else', async () => {
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

  it('gives up after holdMs and says what it saw', async () => {
    const away = await listen(() => undefined)
    await new Promise((resolve) => away.server.close(resolve))
    const answer = await fetch(await proxyTo(away.url, { holdMs: 300 }))
    expect(answer.status).toBe(502)
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^agent-jobs launcher: .* ECONNREFUSED/) })
  })

  it('streams an answer as it comes', async () => {
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
    const spec = { targetUrl: url, tokenFile: tokenFile('real'), envUrl: 'API', envToken: 'KEY' }
    const { API = '', KEY = '' } = await startProxy(spec)
    expect((await fetch(API)).status).toBe(401)
    expect((await fetch(API, { headers: { authorization: `Bearer ${'0'.repeat(KEY.length)}` } })).status).toBe(401)
    expect(await (await fetch(API, { headers: { authorization: `Bearer ${KEY}` } })).text()).toBe('Bearer real')
  })

  it('refuses a body above its bound', async () => {
    const { url } = await listen((_, response) => response.end())
    const answer = await fetch(await proxyTo(url), { method: 'POST', body: Buffer.alloc(9 * 1024 * 1024) })
    expect(answer.status).toBe(413)
  })

  it('lets go of a call whose caller went away', async () => {
    let calls = 0
    const away = await listen((request) => {
      calls += 1
      request.socket.destroy()
    })
    const proxy = await proxyTo(away.url)
    const gone = new AbortController()
    const call = fetch(proxy, { signal: gone.signal })
    gone.abort()
    await expect(call).rejects.toThrow(/abort/)
    expect(calls).toBeLessThan(2)
  })
})

describe('the token file', () => {
  for (const [name, content] of [
    ['half written', '[{"authorization":"Bear'],
    ['empty', ''],
    ['of numbers', '[1, {"a": 2}]'],
  ]) {
    it(`counts as none while it is ${name}`, async () => {
      const { url } = await listen((request, response) => response.end(request.headers.authorization))
      const proxy = await proxyTo(url, { tokenFile: tokenFile(content) })
      expect(await (await fetch(proxy, { headers: { authorization: 'Bearer own' } })).text()).toBe('Bearer own')
    })
  }
})
