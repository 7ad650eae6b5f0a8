import {
  all,
  any,
  data,
  json,
  releaseNamespace,
  text,
  value,
  when,
  withMember,
  type Template,
} from '../template/template.ts'
import { agentClaim, agentNamespace, hasAgentNamespace, isOnOneNode, serverLabels, sharesVolume } from './names.ts'

/** Name of the ConfigMap. */
export const policyName = text`${value('name')}-agent-policy`

const hasAgentClaim = any(sharesVolume, all(hasAgentNamespace, value('agents.existingClaim')))

/** Schedules agents to the node that has the data volume. */
const besideServer = data([
  {
    labelSelector: { matchLabels: serverLabels },
    namespaces: [releaseNamespace],
    topologyKey: 'kubernetes.io/hostname',
  },
])

const withNamespace = withMember(value('policy'), 'defaults.namespace', agentNamespace)
const withClaim = withMember(withNamespace, 'defaults.workspaceVolumeClaim', agentClaim, hasAgentClaim)
const withAffinity = withMember(
  withClaim,
  'defaults.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution',
  besideServer,
  isOnOneNode,
)

/** The operator's policy. The server reads the file for each run, so a change needs no restart. */
export const policy: Template = when(value('server.enabled'), {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: policyName, namespace: releaseNamespace },
  data: { 'policy.yaml': json(withAffinity) },
})
