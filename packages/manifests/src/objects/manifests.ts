import type { Template } from '../template/template.ts'
import { podMonitor } from './metrics.ts'
import { limitRange, namespace, networkPolicy, quota } from './agents.ts'
import { policy } from './policy.ts'
import { rights, serviceAccount } from './rights.ts'
import { shareVolume } from './share-volume.ts'
import { claim, ingress, service, statefulSet } from './server.ts'

/** Every object by the file of the chart that holds it, in the order in which they are applied. */
export const manifests: Readonly<Record<string, readonly Template[]>> = {
  'agent-namespace': [namespace, quota, limitRange],
  rights: [serviceAccount, ...rights],
  'network-policy': [networkPolicy],
  policy: [policy],
  server: [claim, service, statefulSet, ingress],
  'share-volume': shareVolume,
  metrics: [podMonitor],
}
