import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOwnApiServer, type OwnApiServer } from '../test/own-api-server.ts'
import { isGone } from './error-predicates.ts'
import { createKubeClient, type KubeClient } from './kube-client.ts'
import { kinds } from './resource-kind.ts'

// A cluster that others use must not be killed, so this test starts its own etcd and kube-apiserver.
const binary = process.env['KUBE_BINARY']

describe.skipIf(!binary)(
  'a list-watch of a real API server that dies (KUBE_BINARY with etcd and kube-apiserver in it)',
  () => {
    const namespace = 'kube-api'
    const state = new Map<string, string>()
    const stop = new AbortController()
    const problems: string[] = []
    let server: OwnApiServer
    let direct: KubeClient
    let watcher: KubeClient
    // Undone in reverse order, also when the start fails half-way.
    const undo: (() => Promise<void>)[] = []
    let somethingNew = Promise.withResolvers<void>()
    let trouble = Promise.withResolvers<void>()

    beforeAll(async () => {
      server = await startOwnApiServer(binary ?? '')
      undo.push(async () => await server[Symbol.asyncDispose]())
      const { kubeConfig } = server
      direct = createKubeClient({ kubeConfig, requestTimeoutMs: 5_000, retry: { attempts: 200, maxMs: 500 } })
      undo.push(() => direct.close())
      await direct.patch(kinds.Namespace, {
        name: namespace,
        type: 'apply',
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      })
      watcher = createKubeClient({
        kubeConfig,
        requestTimeoutMs: 3_000,
        watch: { silenceMs: 3_000, healthyMs: 1_000 },
        onWatchProblem: ({ error }) => {
          problems.push(error.code)
          trouble.resolve()
          trouble = Promise.withResolvers()
        },
      })
      undo.push(() => watcher.close())
      const watching = (async () => {
        const selection = { namespace, labelSelector: 'test=yes', signal: stop.signal }
        for await (const event of watcher.listWatch(kinds.ConfigMap, selection)) {
          if (event.type !== 'synced') {
            const { uid = '', name, resourceVersion } = event.object.metadata ?? {}
            if (event.type === 'deleted') state.delete(uid)
            else state.set(uid, `${name}@${resourceVersion}`)
          }
          somethingNew.resolve()
          somethingNew = Promise.withResolvers()
        }
      })()
      undo.push(() => {
        stop.abort()
        return watching
      })
      await put('first')
      await agree()
    })

    afterAll(async () => {
      for (const step of undo.toReversed()) await step()
    })

    async function put(name: string): Promise<void> {
      await direct.patch(kinds.ConfigMap, {
        name,
        namespace,
        type: 'apply',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { test: 'yes' } } },
      })
    }
    const remove = (name: string) => direct.delete(kinds.ConfigMap, { name, namespace })

    /** Waits until the watch knows the server's current state. */
    async function agree(): Promise<void> {
      const { items } = await direct.list(kinds.ConfigMap, { namespace, labelSelector: 'test=yes' })
      const truth = items.map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`).sort()
      while (JSON.stringify([...state.values()].sort()) !== JSON.stringify(truth)) await somethingNew.promise
      expect([...state.values()].sort()).toEqual(truth)
    }

    it.each(['SIGKILL', 'SIGTERM'] as const)('recovers after the API server was ended by %s', async (signal) => {
      await server.stop('apiserver', signal)
      server.start('apiserver')
      await put(`after-${signal.toLowerCase()}`)
      await remove('first')
      await put('first')
      await agree()
      expect(problems).toContain('connection')
    })

    it.each(['apiserver', 'etcd'] as const)('recovers after the %s hung', async (what) => {
      const before = problems.length
      server.signal(what, 'SIGSTOP')
      await trouble.promise
      server.signal(what, 'SIGCONT')
      await put(`after-hung-${what}`)
      await agree()
      expect(problems.length).toBeGreaterThan(before)
    })

    it('reports a version that etcd has compacted as gone', async () => {
      const { resourceVersion } = await direct.list(kinds.ConfigMap, { namespace })
      await server.compact(resourceVersion)
      // A running server answers from its own snapshots until it notices.
      await server.stop('apiserver')
      server.start('apiserver')
      const error: unknown = await direct
        .request({
          method: 'GET',
          path: `/api/v1/namespaces/${namespace}/configmaps`,
          query: { resourceVersion: 1, resourceVersionMatch: 'Exact' },
        })
        .catch((reason: unknown) => reason)
      expect(isGone(error)).toBe(true)
    })

    it('follows an etcd that was restored to an older state, whose versions are lower', async () => {
      await server.stop('apiserver')
      await server.stop('etcd', 'SIGTERM')
      server.keepData()
      server.start('etcd')
      server.start('apiserver')
      // More than the server writes on its own at startup, or its versions would exceed ours again.
      for (let index = 0; index < 400; index += 1) await put(`lost-${index}`)
      await agree()
      await server.stop('apiserver')
      await server.stop('etcd')
      server.restoreData()
      server.start('etcd')
      server.start('apiserver')
      await agree()
      expect([...state.values()].filter((entry) => entry.startsWith('lost-'))).toEqual([])
      expect(problems).toContain('stale_list')
      await put('goes-on')
      await agree()
    })
  },
)
