import { expect, it } from 'vitest'
import { createManualClock } from '@agent-jobs/primitives'
import { startMiniKube } from '../mini-kube.ts'
import { testClient } from '../../test/test-client.ts'

const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/mini-kube'

it('renews the lease of the node every ten seconds for as long as the kubelet is up', async () => {
  const clock = createManualClock({ wallTime: Date.UTC(2026, 0, 1) })
  await using kube = await startMiniKube({ clock })
  const client = testClient(kube)
  const renewed = async () => (await client.get(path)).body.spec?.['renewTime']
  const { body } = await client.get(path)
  expect(body.spec).toEqual({
    holderIdentity: 'mini-kube',
    leaseDurationSeconds: 40,
    renewTime: '2026-01-01T00:00:00.000000Z',
  })
  expect(body.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'mini-kube' }])
  await clock.advance(10_000)
  expect(await renewed()).toBe('2026-01-01T00:00:10.000000Z')
  const fault = await kube.faults.inject({ kind: 'kubelet-down' })
  await clock.advance(30_000)
  expect(await renewed()).toBe('2026-01-01T00:00:10.000000Z')
  fault.remove()
  await clock.advance(10_000)
  expect(await renewed()).toBe('2026-01-01T00:00:50.000000Z')
})
