import { barredInCluster, open } from '../policy/operator-rule.ts'
import { tolerationTexts } from './setting-texts.ts'
import { number, objects, pairs, quantities, quantity, record, setting, text, tolerations } from './setting-types.ts'

const scheduling = 'Scheduling'

/** What an agent's pod asks of the cluster, and where it may run. */
export const schedulingSettings = {
  'resources.requests.cpu': setting(quantity('1000m'), {
    title: 'CPU request',
    description: 'CPU reserved for the agent.',
    field: 'text',
    kind: 'quantity',
    operator: open,
    group: scheduling,
  }),
  'resources.requests.memory': setting(quantity('2Gi'), {
    title: 'Memory request',
    description: 'Memory reserved for the agent.',
    field: 'text',
    kind: 'quantity',
    operator: open,
    group: scheduling,
  }),
  'resources.limits.cpu': setting(quantity('4000m'), {
    title: 'CPU limit',
    description: 'The most CPU that the agent can use.',
    field: 'text',
    kind: 'quantity',
    operator: open,
    group: scheduling,
  }),
  'resources.limits.memory': setting(quantity('8Gi'), {
    title: 'Memory limit',
    description: 'The most memory that the agent can use; the kernel kills processes that exceed it.',
    field: 'text',
    kind: 'quantity',
    operator: open,
    group: scheduling,
  }),
  nodeSelector: setting(pairs(), {
    title: 'Node selector',
    description:
      'Labels of suitable nodes: key=value lines, JSON or YAML. Blank inherits from the Paperclip server, `{}` means none.',
    field: 'textarea',
    kind: 'pairs',
    operator: open,
    group: scheduling,
  }),
  tolerations: setting(tolerations(), {
    title: 'Tolerations',
    description:
      'Lines such as `dedicated=agents:NoSchedule`, JSON or YAML. Blank inherits from the Paperclip server, `[]` means none.',
    field: 'textarea',
    kind: 'tolerations',
    operator: {
      allow: ['*', '!any', '!node-role.kubernetes.io/*'],
      textsOf: tolerationTexts,
      why: 'Control-plane nodes are not for agents.',
    },
    group: scheduling,
  }),
  labels: setting(pairs(), {
    title: 'Extra labels',
    description:
      'Labels of Job and pod: key=value lines, JSON or YAML. Names below paperclip.io/, app.kubernetes.io/ and agent-jobs.dev/ are reserved.',
    field: 'textarea',
    kind: 'pairs',
    operator: open,
    group: scheduling,
  }),
  'resources.requests.ephemeral-storage': setting(quantity('1Gi'), {
    title: 'Ephemeral storage request',
    description: "Disk of the node that is reserved for the agent's own files outside of volumes.",
    field: 'text',
    kind: 'quantity',
    operator: open,
    group: scheduling,
  }),
  'resources.limits.ephemeral-storage': setting(quantity('20Gi'), {
    title: 'Ephemeral storage limit',
    description: 'Disk of the node above which the kubelet evicts the agent.',
    field: 'text',
    kind: 'quantity',
    operator: open,
    group: scheduling,
  }),
  extendedResources: setting(quantities(), {
    title: 'Extended resources',
    description: 'Devices such as `nvidia.com/gpu=1`: lines, JSON or YAML. They are requested and limited alike.',
    field: 'textarea',
    kind: 'pairs',
    operator: open,
    group: scheduling,
  }),
  affinity: setting(record(), {
    title: 'Affinity',
    description: 'Affinity of the pod (`nodeAffinity`, `podAffinity`, `podAntiAffinity`) as JSON or YAML.',
    field: 'textarea',
    kind: 'object',
    operator: open,
    group: scheduling,
  }),
  topologySpreadConstraints: setting(objects(), {
    title: 'Topology spread',
    description: 'Topology spread constraints of the pod as a JSON or YAML list.',
    field: 'textarea',
    kind: 'list of objects',
    operator: open,
    group: scheduling,
  }),
  schedulerName: setting(text(), {
    title: 'Scheduler',
    description: "Scheduler of the agent pods. Default: the cluster's own.",
    field: 'text',
    operator: open,
    group: scheduling,
  }),
  queue: setting(text(), {
    title: 'Kueue queue',
    description: 'Local queue of Kueue that admits the Jobs. The start grace begins when a run is admitted.',
    field: 'text',
    operator: { allow: ['*'], fixedByDefault: true },
    group: scheduling,
  }),
  queuePriorityClass: setting(text(), {
    title: 'Kueue priority class',
    description: "Kueue's workload priority class of the Jobs.",
    field: 'text',
    operator: barredInCluster('A run of a higher class preempts those of others.'),
    group: scheduling,
  }),
  annotations: setting(pairs(), {
    title: 'Extra annotations',
    description: 'Annotations of Job and pod: key=value lines, JSON or YAML. Names below agent-jobs.dev/ are reserved.',
    field: 'textarea',
    kind: 'pairs',
    operator: {
      allow: ['cluster-autoscaler.kubernetes.io/*', 'karpenter.sh/*'],
      why: 'Annotations switch injected sidecars, security profiles and identities.',
    },
    group: scheduling,
  }),
  priorityClassName: setting(text(), {
    title: 'Priority class',
    description: 'Priority class of the agent pods.',
    field: 'text',
    operator: barredInCluster('A pod of a higher class evicts others, the server among them.'),
    group: scheduling,
  }),
  runtimeClassName: setting(text(), {
    title: 'Runtime class',
    description: 'Runtime class of the agent pods, for example gVisor or Kata.',
    field: 'text',
    operator: { allow: ['*'], fixedByDefault: true },
    group: scheduling,
  }),
  podScheduleTimeoutSec: setting(number(120, { min: 1 }), {
    title: 'Schedule grace (s)',
    description: 'How long a pod may stay unschedulable before the run fails; an autoscaler needs some minutes.',
    field: 'number',
    operator: { ...open, maximum: 86_400 },
    group: scheduling,
  }),
  podStartTimeoutSec: setting(number(600, { min: 1 }), {
    title: 'Start grace (s)',
    description: 'How long a scheduled pod may take to pull its image, mount volumes and start.',
    field: 'number',
    operator: { ...open, maximum: 86_400 },
    group: scheduling,
  }),
} as const
