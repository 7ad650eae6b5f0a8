import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { setInterval } from 'node:timers/promises'
import { unlessGone } from './real-cluster.ts'

const name = 'agent-jobs-standby'
const namespace = 'kube-node-lease'

/**
 * A second node in name only: it renews its Lease and takes no pods. If every node is silent, Kubernetes assumes that
 * it is cut off itself ("master disruption mode") and gives none of them up.
 */
export async function withStandbyNode(client: KubeClient, action: () => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const renew = (): Promise<unknown> =>
    client.patch(kinds.Lease, {
      name,
      namespace,
      type: 'apply',
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace },
        spec: {
          holderIdentity: name,
          leaseDurationSeconds: 40,
          renewTime: new Date().toISOString().replace(/Z$/, '000Z'),
        },
      },
    })
  await renew()
  await client.patch(kinds.Node, {
    name,
    type: 'apply',
    body: { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { unschedulable: true } },
  })
  const now = new Date().toISOString()
  const ready = { type: 'Ready', status: 'True', reason: 'Standby', message: '', lastHeartbeatTime: now }
  await client.request({
    method: 'PATCH',
    path: `/api/v1/nodes/${name}/status`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { status: { conditions: [{ ...ready, lastTransitionTime: now }] } },
  })
  const renewing = (async () => {
    try {
      for await (const again of setInterval(5_000, renew, { signal: stop.signal })) await again()
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  })()
  try {
    await action()
  } finally {
    stop.abort()
    await renewing
    await unlessGone(client.delete(kinds.Node, { name }))
    await unlessGone(client.delete(kinds.Lease, { name, namespace }))
  }
}
