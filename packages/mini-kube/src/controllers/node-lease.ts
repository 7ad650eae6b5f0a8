import type { Cluster } from '../cluster.ts'
import { background, pause } from '../cluster-core.ts'
import { lease, node as nodeResource } from '../kinds/core.ts'
import { microTime } from '../names.ts'
import type { KubeObject } from '../types.ts'

/** The namespace of the node Leases. */
export const leaseNamespace = 'kube-node-lease'

const durationSeconds = 40

/** The kubelet's heartbeat: a Lease with the node's name, renewed while the kubelet is up. */
export function startNodeLease(cluster: Cluster): void {
  const { objects, clock, nodeName, timing, node } = cluster
  const spec = () => ({
    holderIdentity: nodeName,
    leaseDurationSeconds: durationSeconds,
    renewTime: microTime(clock.wallTime()),
  })

  function renew(owner: KubeObject): void {
    const { uid } = owner.metadata
    const renewed = objects.mutate(lease, leaseNamespace, nodeName, (current) => ({ ...current, spec: spec() }))
    if (renewed !== undefined) return
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }]
    objects.create(lease, leaseNamespace, { metadata: { name: nodeName, ownerReferences }, spec: spec() })
  }

  background(cluster, 'node lease', async () => {
    while (!cluster.signal.aborted) {
      const owner = objects.get(nodeResource, undefined, nodeName)
      if (owner !== undefined && node.isUp()) renew(owner)
      await pause(cluster, timing.leaseMs)
    }
  })
}
