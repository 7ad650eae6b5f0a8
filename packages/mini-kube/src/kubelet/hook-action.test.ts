import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Hook } from '../types.ts'
import { runAction } from './hook-action.ts'

describe('the action of a probe or a hook', () => {
  let server: Server
  let port: number
  const asked: (string | undefined)[] = []
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers['x-word']}`)
      if (request.url === '/silent') return
      response.writeHead(request.url === '/bad' ? 500 : request.url === '/moved' ? 302 : 204).end()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    port = (server.address() as AddressInfo).port
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })

  const run = (action: Hook, timeoutMs = 5_000, signal = new AbortController().signal) =>
    runAction(action, {
      container: { name: 'main', ports: [{ name: 'web', containerPort: port }] },
      plan: { id: 'hook-action-test', argv: [], env: { PATH: '/usr/bin:/bin', WORD: 'hello' }, cwd: '/' },
      rewrite: (text) => text.replaceAll('/mounted', '/etc'),
      podIP: '127.0.0.1',
      timeoutMs,
      signal,
    })
  const shell = (script: string) => ({ exec: { command: ['/bin/sh', '-c', script] } })

  it('runs a command with the container’s variables, folder and mounts', async () => {
    expect(await run(shell('echo $WORD; pwd; echo /mounted; echo oops >&2; exit 3'))).toEqual({
      ok: false,
      output: expect.stringMatching(/^(?=.*oops\n)(hello\n\/\n\/etc\n|oops\n)+$/s),
    })
    expect(await run(shell('exit 0'))).toEqual({ ok: true, output: '' })
  })
  it('fails for a missing command', async () =>
    expect(await run({ exec: { command: ['no-such-program'] } })).toMatchObject({ ok: false }))
  it('kills a command that takes too long, and its children', async () =>
    expect(await run(shell('sleep 60 & sleep 60'), 100)).toEqual({
      ok: false,
      output: 'command timed out: "/bin/sh -c sleep 60 & sleep 60" timed out after 0.1s',
    }))
  it('ends with the container', async () => {
    const over = new AbortController()
    const running = run(shell('sleep 60'), 60_000, over.signal)
    over.abort(new Error('over'))
    expect((await running).ok).toBe(false)
  })

  it.each([
    ['/good', true, ''],
    ['/moved', true, ''],
    ['/bad', false, 'HTTP probe failed with statuscode: 500'],
  ])('is a GET of %s', async (path, ok, output) => {
    const headers = [{ name: 'X-Word', value: 'w' }]
    expect(await run({ httpGet: { port: 'web', path, httpHeaders: headers } })).toEqual({ ok, output })
    expect(asked.at(-1)).toBe(`${path} w`)
  })
  it('fails when a GET gets no answer', async () =>
    expect(await run({ httpGet: { port, path: '/silent' } }, 50)).toEqual({
      ok: false,
      output: `Get "http://127.0.0.1:${port}/silent": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    }))
  it('checks whether a port is open', async () => {
    expect(await run({ tcpSocket: { port: 'web' } })).toEqual({ ok: true, output: '' })
    expect(await run({ tcpSocket: { port: 1 } })).toEqual({
      ok: false,
      output: 'dial tcp 127.0.0.1:1: connect: connection refused',
    })
  })
})
