import type { Template } from '../template/template.ts'
import { limitRange, namespace, networkPolicy, quota } from './agents.ts'
import { rights, serviceAccount } from './rights.ts'
import { claim, ingress, service, statefulSet } from './server.ts'

/** Every object by the file of the chart that holds it, in the order in which they are applied. */
export const manifests: Readonly<Record<string, readonly Template[]>> = {
  'agent-namespace': [namespace, quota, limitRange],
  rights: [serviceAccount, ...rights],
  'network-policy': [networkPolicy],
  server: [claim, service, statefulSet, ingress],
}
