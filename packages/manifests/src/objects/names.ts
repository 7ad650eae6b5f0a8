import { fallback, releaseNamespace, text, value } from '../template/template.ts'

/** Label that selects the server's pod. */
export const serverLabels = { 'app.kubernetes.io/name': 'paperclip', 'app.kubernetes.io/instance': value('name') }

/** Namespace of the agents' Jobs. */
export const agentNamespace = fallback(value('agents.namespace'), releaseNamespace)

/** Host name of the server's Service inside the cluster. */
export const serviceHost = text`${value('name')}.${releaseNamespace}.svc`

/** Name of the claim of the data volume. */
export const dataClaim = fallback(value('storage.existingClaim'), text`${value('name')}-data`)
