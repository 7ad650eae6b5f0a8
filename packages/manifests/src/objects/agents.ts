import { all, each, item, releaseNamespace, text, value, when, type Template } from '../template/template.ts'
import { agentLabels, agentNamespace, hasAgentNamespace, serverLabels } from './names.ts'

/**
 * The namespace of the agents, with its Pod Security level enforced. It stays when the release is uninstalled: deleting it
 * would kill the agents that are still working.
 */
export const namespace: Template = when(all(hasAgentNamespace, value('agents.createNamespace')), {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: agentNamespace,
    annotations: { 'helm.sh/resource-policy': 'keep' },
    labels: {
      'pod-security.kubernetes.io/enforce': value('agents.podSecurity'),
      'pod-security.kubernetes.io/warn': value('agents.podSecurity'),
    },
  },
})

/** What all agents together may use. */
export const quota: Template = when(value('agents.quota'), {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: text`${value('name')}-agents`, namespace: agentNamespace },
  spec: { hard: value('agents.quota') },
})

/** What one agent's container gets unless its settings say otherwise, and its maxima. */
export const limitRange: Template = when(value('agents.limits'), {
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: text`${value('name')}-agents`, namespace: agentNamespace },
  spec: { limits: value('agents.limits') },
})

/** Nothing connects to agents; agents connect to DNS, the server and what `networkPolicy.egress` lists. */
export const networkPolicy: Template = when(value('networkPolicy.enabled'), {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: text`${value('name')}-agents`, namespace: agentNamespace },
  spec: {
    podSelector: { matchLabels: agentLabels },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [],
    egress: [
      // There is always one rule, so that an agent without other rules is blocked instead of unrestricted.
      { to: [{ podSelector: { matchLabels: { 'agent-jobs.dev/managed': 'none' } } }] },
      when(value('networkPolicy.dns'), {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      }),
      when(value('networkPolicy.server'), {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': releaseNamespace } },
            podSelector: { matchLabels: serverLabels },
          },
        ],
        ports: [{ port: 3100, protocol: 'TCP' }],
      }),
      each(value('networkPolicy.egress'), item()),
    ],
  },
})
