import { getEventListeners } from 'node:events'
import { lookup } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { configMap } from '../test/events.ts'
import { fedStream, json, startFakeApiServer } from '../test/fake-api-server.ts'
import { createKubeClient } from './kube-client.ts'
import { KubeError } from './kube-error.ts'
import { kinds } from './resource-kind.ts'

const table = '/proc/net/tcp'
/** Only one on a machine without IPv6, or with a short hosts file. */
const addresses = (await lookup('localhost', { all: true })).map(({ address }) => address)
const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')

/** The kernel's timer of the connection to this port: its kind, and when it is due in hundredths of a second. */
function kernelTimer(port: number): { kind: number; due: number } | undefined {
  for (const row of readFileSync(table, 'latin1').split('\n')) {
    // sl local remote state queues timer:when …
    const [, , remote = '', state, , timer = ''] = row.trim().split(/\s+/)
    if (!remote.endsWith(`:${hexPort(port)}`) || state !== '01') continue
    const [kind = '', due = ''] = timer.split(':')
    return { kind: Number.parseInt(kind, 16), due: Number.parseInt(due, 16) }
  }
  return undefined
}

describe('the connection of a stream', () => {
  it.skipIf(!existsSync(table))('uses TCP keep-alive: a lost peer is detected after 15 s', async () => {
    await using api = await startFakeApiServer()
    const stream = fedStream()
    api.answer(stream.answer)
    const client = createKubeClient({ kubeConfig: api.kubeConfig() })
    await client.openLog({ namespace: 'ns', pod: 'p', follow: true })
    const keepAlive = 2
    const timer = kernelTimer(Number(new URL(api.url).port))
    expect(timer?.kind).toBe(keepAlive)
    expect(timer?.due).toBeLessThanOrEqual(1_500)
    await client.close()
  })

  it.each(addresses)('reaches the only address of a name that answers: %s', async (address) => {
    const server = createServer((_, response) => response.end('{}'))
    await new Promise<void>((resolve) => server.listen(0, address, resolve))
    const kubeConfig = new KubeConfig()
    const { port } = server.address() as AddressInfo
    kubeConfig.loadFromClusterAndUser(
      { name: 'c', server: `http://localhost:${port}`, skipTLSVerify: false },
      { name: 'u' },
    )
    const client = createKubeClient({ kubeConfig, retry: { attempts: 1 } })
    expect(await client.request({ method: 'GET', path: '/' })).toEqual({})
    await client.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a client that was closed', () => {
  it('leaves no socket, timer or listener behind, hundreds of times over', async () => {
    await using api = await startFakeApiServer()
    const caller = new AbortController()
    const kubeConfig = api.kubeConfig()
    const count = (name: string): number => process.getActiveResourcesInfo().filter((each) => each === name).length
    const [sockets, timers] = [count('TCPSocketWrap'), count('Timeout')]
    const round = async (): Promise<void> => {
      api.answer((response, request) => {
        if (request.path.endsWith('/log')) fedStream().answer(response, request)
        else if (request.query.has('watch')) fedStream().answer(response, request)
        else json(200, configMap('a', 1))(response, request)
      })
      const client = createKubeClient({ kubeConfig })
      const { signal } = caller
      const watching = client.listWatch(kinds.ConfigMap, { namespace: 'ns', signal })[Symbol.asyncIterator]().next()
      const ended = watching.then(
        () => 'told something',
        (error: unknown) => (KubeError.isInstance(error) ? error.code : error),
      )
      await Promise.all([
        client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns', signal }),
        client.openLog({ namespace: 'ns', pod: 'p', follow: true, signal }),
      ])
      await client.close()
      expect(await ended).toBe('closed')
    }
    for (let done = 0; done < 300; done += 100) await Promise.all(Array.from({ length: 100 }, round))
    await api.quiet()
    expect(count('TCPSocketWrap')).toBeLessThanOrEqual(sockets)
    expect(count('Timeout')).toBeLessThanOrEqual(timers)
    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
  })
})
