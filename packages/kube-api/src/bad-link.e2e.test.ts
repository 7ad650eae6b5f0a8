import { isIP } from 'node:net'
import { KubeConfig, type V1ConfigMap } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBadLink, type BadLink } from '../test/bad-link.ts'
import { createKubeClient, type KubeClient } from './kube-client.ts'
import { kinds } from './resource-kind.ts'
import type { ListWatchEvent } from './watch/subscription.ts'

// Needs KUBECONFIG of a cluster in which a namespace may be created. The faults are between us and it; it is not touched.
describe.skipIf(!process.env['KUBECONFIG'])('a list-watch over a bad link to a real cluster (KUBECONFIG)', () => {
  const namespace = `kube-api-link-${process.pid}`
  const state = new Map<string, string>()
  const stop = new AbortController()
  let direct: KubeClient
  let linked: KubeClient
  let link: BadLink
  let watching: Promise<void>
  let requests = 0
  let problems = 0
  let notify = Promise.withResolvers<void>()

  function note(event: ListWatchEvent<V1ConfigMap>): void {
    if (event.type === 'synced') return
    const { uid = '', name, resourceVersion } = event.object.metadata ?? {}
    if (event.type === 'deleted') state.delete(uid)
    else state.set(uid, `${name}@${resourceVersion}`)
    notify.resolve()
    notify = Promise.withResolvers<void>()
  }

  /** Waits until the watch knows the server's current state. */
  async function agree(): Promise<void> {
    const { items } = await direct.list(kinds.ConfigMap, { namespace })
    const truth = items.map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`).sort()
    while (JSON.stringify([...state.values()].sort()) !== JSON.stringify(truth)) await notify.promise
  }

  async function change(round: number): Promise<void> {
    for (let index = 0; index < 5; index += 1) {
      const name = `m-${index}`
      if (round > 0) await direct.delete(kinds.ConfigMap, { name, namespace })
      await direct.create(kinds.ConfigMap, { metadata: { name, namespace }, data: { round: String(round) } })
      await direct.patch(kinds.ConfigMap, { name, namespace, type: 'merge', body: { data: { more: 'x' } } })
    }
  }

  beforeAll(async () => {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromDefault()
    direct = createKubeClient({ kubeConfig })
    await direct.create(kinds.Namespace, { metadata: { name: namespace } })
    const { hostname, port } = new URL(direct.server)
    link = await openBadLink({ host: hostname, port: Number(port || 443) })
    const [cluster, user] = [kubeConfig.getCurrentCluster(), kubeConfig.getCurrentUser()]
    if (!cluster || !user) throw new Error('the kubeconfig has no current cluster or user')
    const throughLink = new KubeConfig()
    const { tlsServerName = hostname, ...rest } = cluster
    throughLink.loadFromClusterAndUser(
      { ...rest, server: `https://127.0.0.1:${link.port}`, ...(isIP(tlsServerName) === 0 ? { tlsServerName } : {}) },
      user,
    )
    linked = createKubeClient({
      kubeConfig: throughLink,
      requestTimeoutMs: 2_000,
      watch: { silenceMs: 2_000, backoff: { baseMs: 50, maxMs: 500 }, healthyMs: 500 },
      onRequest: () => (requests += 1),
      onWatchProblem: () => (problems += 1),
    })
    watching = (async () => {
      for await (const event of linked.listWatch(kinds.ConfigMap, { namespace, signal: stop.signal })) note(event)
    })()
    await change(0)
    await agree()
  })

  afterAll(async () => {
    stop.abort()
    await watching
    await linked.close()
    await link[Symbol.asyncDispose]()
    await direct.delete(kinds.Namespace, { name: namespace })
    await direct.close()
  })

  it('recovers after each of twenty resets in the middle of changes', async () => {
    for (let round = 1; round <= 20; round += 1) {
      const changing = change(round)
      link.reset()
      await changing
      await agree()
    }
    expect(problems).toBeGreaterThan(0)
  })

  it('detects a half-open link by its silence limit, and recovers', async () => {
    for (let round = 21; round <= 23; round += 1) {
      link.freeze()
      await change(round)
      const frozenAt = performance.now()
      await agree()
      // 2 s of silence, and the time of a list.
      expect(performance.now() - frozenAt).toBeLessThan(4_000)
    }
  })

  it('recovers after the server was away', async () => {
    link.refuse(true)
    link.reset()
    await change(24)
    expect(state.size).toBeGreaterThan(0)
    link.refuse(false)
    await agree()
  })

  it('uses one connection when nothing fails', async () => {
    const before = requests
    await change(25)
    await agree()
    expect(requests - before).toBeLessThanOrEqual(1)
    expect(link.open()).toBeLessThanOrEqual(2)
  })
})
