import { KubeConfig, type V1ConfigMap } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { take } from '../test/events.ts'
import { isAlreadyExists, isConflict, isNotFound } from './error-predicates.ts'
import { createKubeClient, type KubeClient } from './kube-client.ts'
import { kinds } from './resource-kind.ts'
import type { RequestReport } from './wire.ts'

// Needs KUBECONFIG of a cluster in which a namespace may be created.
describe.skipIf(!process.env['KUBECONFIG'])('kube-api on a real cluster (KUBECONFIG)', () => {
  const namespace = `kube-api-${process.pid}`
  const reports: RequestReport[] = []
  let client: KubeClient

  beforeAll(async () => {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromDefault()
    client = createKubeClient({ kubeConfig, onRequest: (report) => reports.push(report) })
    await client.create(kinds.Namespace, { metadata: { name: namespace } })
  })

  afterAll(async () => {
    await client.delete(kinds.Namespace, { name: namespace })
    await client.close()
  })

  const configMap = (name: string): V1ConfigMap => ({ metadata: { name, namespace, labels: { test: 'yes' } } })
  const watch = (signal: AbortSignal) =>
    client.listWatch(kinds.ConfigMap, { namespace, labelSelector: 'test=yes', signal })[Symbol.asyncIterator]()

  it('watches with one request, through change and deletion', async () => {
    const stop = new AbortController()
    await client.create(kinds.ConfigMap, configMap('first'))
    const before = reports.length
    const events = watch(stop.signal)
    expect((await take(events, 2)).map((event) => event.split('@')[0]?.split(' ')[0])).toEqual(['added', 'synced'])
    expect(reports.length - before).toBe(1)
    // Read all the while: a late reader only gets the final state.
    const reading = (async () => {
      const told: string[] = []
      while (told.at(-1) !== 'deleted second') {
        const { value } = await events.next()
        if (value?.type !== 'synced') told.push(`${value?.type} ${value?.object.metadata?.name}`)
      }
      return told
    })()
    const second = await client.create(kinds.ConfigMap, configMap('second'))
    await client.patch(kinds.ConfigMap, { name: 'second', namespace, type: 'merge', body: { data: { a: 'b' } } })
    const uid = second.metadata?.uid
    await client.delete(kinds.ConfigMap, { name: 'second', namespace, preconditions: { uid } })
    const told = await reading
    expect(told[0]).toBe('added second')
    stop.abort()
    expect((await events.next()).done).toBe(true)
  })

  it('reports what a lock needs to know: taken, changed, absent', async () => {
    await client.create(kinds.Secret, { metadata: { name: 'lock', namespace }, immutable: true })
    const errors = await Promise.all(
      [
        client.create(kinds.Secret, { metadata: { name: 'lock', namespace } }),
        client.delete(kinds.Secret, { name: 'lock', namespace, preconditions: { uid: 'other' } }),
        client.get(kinds.Secret, { name: 'absent', namespace }),
      ].map((call) =>
        call.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    )
    expect([isAlreadyExists, isConflict, isNotFound].map((is, index) => is(errors[index]))).toEqual([true, true, true])
  })

  it('lets exactly one of sixty concurrent creates succeed', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, () => client.create(kinds.Secret, { metadata: { name: 'race', namespace } })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(results.filter((result) => result.status === 'rejected' && isAlreadyExists(result.reason))).toHaveLength(59)
  })

  it('reads pages, and dates as Dates', async () => {
    const { items } = await client.list(kinds.Secret, { namespace, limit: 1 })
    expect(items).toHaveLength(2)
    expect(items[0]?.metadata?.creationTimestamp).toBeInstanceOf(Date)
  })

  it('answers an access review', async () => {
    const review = await client.create(kinds.SelfSubjectAccessReview, {
      spec: { resourceAttributes: { namespace, verb: 'create', group: 'batch', resource: 'jobs' } },
    })
    expect(review.status?.allowed).toBe(true)
  })
})
