import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configMap } from '../test/events.ts'
import { fedStream, json, startFakeApiServer, type FakeApiServer } from '../test/fake-api-server.ts'
import { startSocksProxy, type TestProxy } from '../test/proxies.ts'
import { createKubeClient, type KubeClient } from './kube-client.ts'
import { kinds } from './resource-kind.ts'

// HTTP proxies with TLS behind them are in tls.test.ts.
describe('behind a SOCKS proxy', () => {
  let api: FakeApiServer
  let proxy: TestProxy
  let client: KubeClient

  const clientOf = (kubeConfig = api.kubeConfig(), proxyUrl = proxy.url): KubeClient =>
    createKubeClient({ kubeConfig, proxyUrl, retry: { attempts: 1 } })

  beforeEach(async () => {
    api = await startFakeApiServer()
    proxy = await startSocksProxy()
    client = clientOf()
  })

  afterEach(async () => {
    await client.close()
    await proxy[Symbol.asyncDispose]()
    await api[Symbol.asyncDispose]()
  })

  it('calls and streams use it, and calls share their tunnels', async () => {
    const stream = fedStream()
    const calls = 10
    api.answer(...Array.from({ length: calls }, () => json(200, configMap('a', 1))), stream.answer)
    for (let call = 0; call < calls; call += 1) {
      expect((await client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })).metadata?.name).toBe('a')
    }
    const log = await client.openLog({ namespace: 'ns', pod: 'p', follow: true })
    stream.raw('line\n')
    stream.end()
    const pieces: Uint8Array[] = []
    for await (const piece of log.body) pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toBe('line\n')
    expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(api.url).host]))
    expect(proxy.tunnels.length).toBeLessThanOrEqual(3)
  })

  it('an unreachable proxy is a connection error, not a response', async () => {
    await proxy[Symbol.asyncDispose]()
    await expect(client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })).rejects.toMatchObject({
      code: 'connection',
      retryable: true,
    })
  })

  it('the proxy that the kubeconfig names takes precedence', async () => {
    api.answer(json(200, configMap('a', 1)))
    const kubeConfig = api.kubeConfig()
    kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, proxyUrl: proxy.url }))
    const named = clientOf(kubeConfig, 'socks5://127.0.0.1:9')
    await named.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })
    expect(proxy.tunnels).toHaveLength(1)
    await named.close()
  })
})
