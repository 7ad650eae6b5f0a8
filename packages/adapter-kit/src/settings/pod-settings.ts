import { barred, barredInCluster, open } from '../policy/operator-rule.ts'
import { imageTexts, leafPaths, variableSourceTexts, volumeTexts } from './setting-texts.ts'
import { choice, list, objects, pairs, record, setting, text, toggle } from './setting-types.ts'

const pod = 'Pod'
const podUsers = ['auto', 'fixed', 'platform'] as const

/** Everything else that a pod can have. */
export const podSettings = {
  imagePullSecrets: setting(list(), {
    title: 'Pull secrets',
    description: "Secrets of the namespace for pulling the image. Default: those of the Paperclip server's pod.",
    field: 'textarea',
    kind: 'list',
    operator: barredInCluster('Pull secrets belong to others, too.'),
    group: pod,
  }),
  podUser: setting(choice(podUsers, 'auto'), {
    title: 'User of the pod',
    description:
      '`fixed`: user, group and fsGroup 1000. `platform`: whatever the platform assigns. `auto`: `platform` where the namespace has the annotation `openshift.io/sa.scc.uid-range`, else `fixed`.',
    field: 'select',
    options: podUsers.map((value) => ({ label: value, value })),
    operator: open,
    group: pod,
  }),
  podSecurityContext: setting(record(), {
    title: 'Pod security context',
    description: 'Laid over the security context of the pod, for example `{"fsGroup": 2000}`.',
    field: 'textarea',
    kind: 'object',
    operator: barred('User and groups decide whose files of the volume the agent may write.', { textsOf: leafPaths }),
    group: pod,
  }),
  serviceAccountToken: setting(toggle(false), {
    title: 'Service account token',
    description: "Mounts the token of the agent's service account, with which the agent can call the Kubernetes API.",
    field: 'toggle',
    operator: barred('The token carries whatever rights the account has.'),
    group: pod,
  }),
  envFrom: setting(list(), {
    title: 'Environment from Secrets and ConfigMaps',
    description: '`secret/NAME` or `configmap/NAME` of the namespace; every key becomes a variable of the agent.',
    field: 'textarea',
    kind: 'list',
    operator: barred('Secrets of the namespace belong to others, too.'),
    group: pod,
  }),
  envValueFrom: setting(pairs(), {
    title: 'Variables from Secrets and ConfigMaps',
    description: 'Lines such as `GITHUB_TOKEN=secret/github/token` or `REGION=configmap/site/region`.',
    field: 'textarea',
    kind: 'pairs',
    operator: barred('Secrets of the namespace belong to others, too.', { textsOf: variableSourceTexts }),
    group: pod,
  }),
  volumes: setting(objects(), {
    title: 'Extra volumes',
    description: 'Volumes of the pod as a JSON or YAML list, in addition to the data volume.',
    field: 'textarea',
    kind: 'list of objects',
    operator: {
      allow: ['emptyDir'],
      textsOf: volumeTexts,
      why: 'Secrets, claims and folders of the node belong to others, too.',
    },
    group: pod,
  }),
  volumeMounts: setting(objects(), {
    title: 'Extra volume mounts',
    description: 'Where the extra volumes are mounted, as a JSON or YAML list.',
    field: 'textarea',
    kind: 'list of objects',
    operator: open,
    group: pod,
  }),
  dnsPolicy: setting(text(), {
    title: 'DNS policy',
    description: 'DNS policy of the pod, for example `None` together with a DNS configuration.',
    field: 'text',
    operator: open,
    group: pod,
  }),
  dnsConfig: setting(record(), {
    title: 'DNS configuration',
    description: "DNS configuration of the pod as JSON or YAML. Default: that of the Paperclip server's pod.",
    field: 'textarea',
    kind: 'object',
    operator: open,
    group: pod,
  }),
  hostAliases: setting(objects(), {
    title: 'Host aliases',
    description: 'Entries for /etc/hosts as a JSON or YAML list of `{"ip": …, "hostnames": […]}`.',
    field: 'textarea',
    kind: 'list of objects',
    operator: open,
    group: pod,
  }),
  sidecars: setting(objects(), {
    title: 'Sidecars',
    description: 'Containers that start before the agent and stop after it, as a JSON or YAML list.',
    field: 'textarea',
    kind: 'list of objects',
    operator: barred('A sidecar may run as another user and with other rights.', { textsOf: imageTexts }),
    group: pod,
  }),
  podTemplate: setting(record(), {
    title: 'Pod template',
    description:
      "The last resort: `metadata` and `spec` as YAML, merged into the pod by Kubernetes' strategic rules. Launcher, names, lock and restart policy cannot be changed.",
    field: 'textarea',
    kind: 'object',
    operator: barred('It can set anything that a pod can have.', { textsOf: leafPaths }),
    group: pod,
  }),
} as const
