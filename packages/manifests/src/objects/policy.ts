import { json, releaseNamespace, text, value, when, withMember, type Template } from '../template/template.ts'
import { agentNamespace } from './names.ts'

/** Name of the ConfigMap. */
export const policyName = text`${value('name')}-agent-policy`

/** The operator's policy. The server reads the file for each run, so a change needs no restart. */
export const policy: Template = when(value('server.enabled'), {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: policyName, namespace: releaseNamespace },
  data: { 'policy.yaml': json(withMember(value('policy'), 'defaults.namespace', agentNamespace)) },
})
