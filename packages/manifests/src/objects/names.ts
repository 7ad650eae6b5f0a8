import { all, any, equal, fallback, not, releaseNamespace, text, value } from '../template/template.ts'

/** Label that selects the server's pod. */
export const serverLabels = { 'app.kubernetes.io/name': 'paperclip', 'app.kubernetes.io/instance': value('name') }

/** Label that the runner sets on every pod that it creates. */
export const agentLabels = { 'agent-jobs.dev/managed': 'true' }

/** Namespace of the agents' Jobs. */
export const agentNamespace = fallback(value('agents.namespace'), text`${releaseNamespace}-agents`)

/** Whether agents have a namespace of their own. */
export const hasAgentNamespace = not(equal(agentNamespace, releaseNamespace))

/** Host name of the server's Service inside the cluster. */
export const serviceHost = text`${value('name')}.${releaseNamespace}.svc`

/** Name of the claim of the data volume. */
export const dataClaim = fallback(value('storage.existingClaim'), text`${value('name')}-data`)

/** Name of the claim in the agents' own namespace. */
export const agentClaim = fallback(value('agents.existingClaim'), text`${value('name')}-data`)

/** Whether the chart makes that claim. A claim belongs to one namespace: two of them need two volumes on one storage. */
export const sharesVolume = all(
  hasAgentNamespace,
  not(value('agents.existingClaim')),
  value('shareVolume.enabled'),
  any(value('server.enabled'), value('storage.existingClaim')),
)

/** Whether only one node can mount the data volume. */
export const isOnOneNode = all(value('server.enabled'), equal(value('storage.accessMode'), 'ReadWriteOnce'))
