import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld } from '../test/support/world.ts'
import { volumeClaimStore, type OwnerState } from './volume-claim-store.ts'

const namespace = 'default'

describe('claims of owners outside the cluster', () => {
  let world: Awaited<ReturnType<typeof startWorld>>
  let client: KubeClient
  let runner: ReturnType<typeof world.server>['runner']
  const states = new Map<string, OwnerState | Error>()
  const stores = () => [
    volumeClaimStore({
      client,
      namespace,
      labelSelector: 'kind=test',
      ownerOf: ({ metadata }) => metadata?.annotations?.['owner'] ?? null,
      ownerState: async (owner) => {
        const state = states.get(owner) ?? 'unknown'
        if (state instanceof Error) throw state
        return state
      },
    }),
  ]
  const reap = async (options: { dryRun: boolean; olderThanMs?: number }) => {
    const { items } = await runner.reap({ olderThanMs: 0, stores: stores(), ...options })
    return Object.fromEntries(items.map(({ id, action, reason }) => [id, [action, reason]]))
  }
  const claim = (name: string, owner?: string, labels: Record<string, string> = { kind: 'test' }) =>
    client.create(
      kinds.PersistentVolumeClaim,
      {
        metadata: { name, labels, ...(owner === undefined ? {} : { annotations: { owner } }) },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      },
      { namespace },
    )
  beforeAll(async () => {
    world = await startWorld({ seed: 51 })
    ;({ client, runner } = world.server())
    states.set('alive', 'present').set('gone', 'absent').set('unwell', new Error('HTTP 500'))
    await claim('of-the-living', 'alive')
    await claim('of-the-dead', 'gone')
    await claim('in-use', 'gone')
    await claim('of-a-stranger', 'stranger')
    await claim('of-one-who-cannot-be-asked', 'unwell')
    await claim('without-owner')
    await claim('of-another-kind', 'gone', { kind: 'other' })
    await client.create(
      kinds.Pod,
      {
        metadata: { name: 'user' },
        spec: {
          nodeName: 'nowhere',
          containers: [{ name: 'c', image: 'x' }],
          volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'in-use' } }],
        },
      },
      { namespace },
    )
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('are first reported and then removed if the owner is surely gone and no pod uses them', async () => {
    const kept = {
      'of-the-living': ['kept', 'its owner alive is there'],
      'in-use': ['kept', 'pod user uses it'],
      'of-a-stranger': ['kept', 'whether its owner stranger is there is not known'],
      'of-one-who-cannot-be-asked': ['kept', 'whether its owner unwell is there is not known: HTTP 500'],
      'without-owner': ['kept', 'it does not say whose it is'],
    }
    const reason = 'its owner gone is gone'
    expect(await reap({ dryRun: true })).toEqual({ ...kept, 'of-the-dead': ['would_remove', reason] })
    expect(await reap({ dryRun: false, olderThanMs: 60_000 })).toEqual({
      ...kept,
      'of-the-dead': ['kept', 'it is young'],
    })
    expect(await reap({ dryRun: false })).toEqual({ ...kept, 'of-the-dead': ['removed', reason] })
    expect(await reap({ dryRun: false })).toEqual(kept)
  })

  it('are kept when they changed since they were checked', async () => {
    await claim('changing', 'gone')
    const [store] = stores()
    const listed: string[] = []
    for await (const { id } of store?.list() ?? []) listed.push(id)
    expect(listed).toContain('changing')
    const where = { name: 'changing', namespace }
    await client.patch(kinds.PersistentVolumeClaim, {
      ...where,
      type: 'merge',
      body: { metadata: { annotations: { owner: 'alive' } } },
    })
    await expect(store?.remove('changing')).rejects.toMatchObject({ status: 409 })
    expect(await client.get(kinds.PersistentVolumeClaim, where)).toBeDefined()
    await expect(store?.remove('never-listed')).rejects.toThrow('Expected the name of a claim that was listed')
  })
})
