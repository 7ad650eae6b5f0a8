import {
  all,
  any,
  data,
  each,
  fallback,
  item,
  join,
  not,
  releaseNamespace,
  text,
  value,
  when,
  withMember,
  type Template,
} from '../template/template.ts'
import { agentNamespace, agentLabels, dataClaim, isOnOneNode, serverLabels, serviceHost } from './names.ts'
import { policyName } from './policy.ts'

const passOn = (path: string): Template => when(value(path), value(path))

const key = (name: string): Template => ({
  name,
  valueFrom: { secretKeyRef: { name: value('server.keysSecret'), key: name } },
})

/** The claim of the data volume. It outlives the release unless `storage.keep` is false. */
export const claim: Template = when(all(value('server.enabled'), not(value('storage.existingClaim'))), {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: dataClaim,
    namespace: releaseNamespace,
    annotations: when(value('storage.keep'), { 'helm.sh/resource-policy': 'keep' }),
  },
  spec: {
    accessModes: [value('storage.accessMode')],
    storageClassName: passOn('storage.storageClassName'),
    resources: { requests: { storage: value('storage.size') } },
  },
})

/** The address at which agents and people reach the server. */
export const service: Template = when(value('server.enabled'), {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name: value('name'),
    namespace: releaseNamespace,
    annotations: passOn('service.annotations'),
  },
  spec: {
    type: value('service.type'),
    selector: serverLabels,
    ports: [{ name: 'http', port: value('service.port'), targetPort: 'http' }],
  },
})

const ingressUrl = text`${value('ingress.host')}${value('ingress.path')}`

const environment: Template = [
  // First, so that other values can refer to them, for example `allowedHostnames: $(POD_IP)`.
  each(value('server.env'), item()),
  { name: 'PAPERCLIP_HOME', value: '/paperclip' },
  { name: 'PAPERCLIP_DEPLOYMENT_MODE', value: 'authenticated' },
  { name: 'PAPERCLIP_DEPLOYMENT_EXPOSURE', value: 'private' },
  { name: 'PAPERCLIP_BIND', value: 'lan' },
  { name: 'HOST', value: '0.0.0.0' },
  { name: 'PORT', value: '3100' },
  // Agents call back at this address, also those whose run outlives the server's pod.
  {
    name: 'PAPERCLIP_API_URL',
    value: fallback(value('server.apiUrl'), text`http://${serviceHost}:${value('service.port')}`),
  },
  {
    name: 'PAPERCLIP_ALLOWED_HOSTNAMES',
    value: text`${value('name')},${serviceHost},${serviceHost}.cluster.local,${value('ingress.host')},${join(value('ingress.extraHosts'))},${value('server.allowedHostnames')}`,
  },
  when(value('server.publicUrl'), { name: 'PAPERCLIP_PUBLIC_URL', value: value('server.publicUrl') }),
  when(all(value('ingress.enabled'), value('ingress.host'), not(value('server.publicUrl'))), {
    name: 'PAPERCLIP_PUBLIC_URL',
    value: text`https://${ingressUrl}`,
  }),
  { name: 'DATABASE_POOL_MAX', value: text`${value('server.databasePool')}` },
  when(value('database.secret'), {
    name: 'DATABASE_URL',
    valueFrom: { secretKeyRef: { name: value('database.secret'), key: value('database.key') } },
  }),
  { name: 'AGENT_JOBS_POLICY_FILE', value: '/etc/agent-jobs/policy.yaml' },
  when(value('metrics.enabled'), { name: 'AGENT_JOBS_METRICS_PORT', value: text`${value('metrics.port')}` }),
  key('BETTER_AUTH_SECRET'),
  key('PAPERCLIP_AGENT_JWT_SECRET'),
]

const container: Template = {
  name: 'paperclip',
  image: value('server.image'),
  imagePullPolicy: value('server.imagePullPolicy'),
  command: passOn('server.command'),
  ports: [
    { name: 'http', containerPort: 3100 },
    when(value('metrics.enabled'), { name: 'metrics', containerPort: value('metrics.port') }),
  ],
  env: environment,
  envFrom: passOn('server.envFrom'),
  volumeMounts: [
    { name: 'data', mountPath: '/paperclip' },
    { name: 'policy', mountPath: '/etc/agent-jobs', readOnly: true },
    each(value('server.extraVolumeMounts'), item()),
  ],
  resources: value('server.resources'),
  securityContext: passOn('server.securityContext'),
  // The first start migrates the database before it listens.
  startupProbe: { httpGet: health(), periodSeconds: 2, failureThreshold: 150 },
  readinessProbe: { httpGet: health(), periodSeconds: 2, failureThreshold: 3 },
}

/** Paperclip refuses host names that it does not know, the pod's address among them. */
function health(): Template {
  return { path: '/api/health', port: 'http', httpHeaders: [{ name: 'Host', value: 'localhost' }] }
}

/** With a volume that one node can mount, a new pod of the server looks for the node of agents that still have it. */
const besideAgents = data([
  {
    weight: 100,
    podAffinityTerm: {
      labelSelector: { matchLabels: agentLabels },
      namespaces: [agentNamespace],
      topologyKey: 'kubernetes.io/hostname',
    },
  },
])
const affinity = withMember(
  value('server.affinity'),
  'podAffinity.preferredDuringSchedulingIgnoredDuringExecution',
  besideAgents,
  isOnOneNode,
)

/** The server: one replica, because a second one would follow the same runs. */
export const statefulSet: Template = when(value('server.enabled'), {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: value('name'), namespace: releaseNamespace, labels: serverLabels },
  spec: {
    serviceName: value('name'),
    replicas: 1,
    selector: { matchLabels: serverLabels },
    template: {
      metadata: { labels: serverLabels, annotations: passOn('server.podAnnotations') },
      spec: {
        serviceAccountName: value('serviceAccount.name'),
        terminationGracePeriodSeconds: value('server.terminationGracePeriodSeconds'),
        imagePullSecrets: passOn('server.imagePullSecrets'),
        securityContext: passOn('server.podSecurityContext'),
        nodeSelector: passOn('server.nodeSelector'),
        tolerations: passOn('server.tolerations'),
        affinity: when(any(value('server.affinity'), isOnOneNode), affinity),
        priorityClassName: passOn('server.priorityClassName'),
        containers: [container],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: dataClaim } },
          { name: 'policy', configMap: { name: policyName } },
          each(value('server.extraVolumes'), item()),
        ],
      },
    },
  },
})

const toServer: Template = {
  paths: [
    {
      path: value('ingress.path'),
      pathType: 'Prefix',
      backend: { service: { name: value('name'), port: { name: 'http' } } },
    },
  ],
}

/** The way in from outside the cluster. */
export const ingress: Template = when(all(value('server.enabled'), value('ingress.enabled')), {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: value('name'), namespace: releaseNamespace, annotations: passOn('ingress.annotations') },
  spec: {
    ingressClassName: passOn('ingress.className'),
    tls: when(value('ingress.tlsSecret'), [
      {
        hosts: [value('ingress.host'), each(value('ingress.extraHosts'), item())],
        secretName: value('ingress.tlsSecret'),
      },
    ]),
    rules: [
      { host: passOn('ingress.host'), http: toServer },
      each(value('ingress.extraHosts'), { host: item(), http: toServer }),
    ],
  },
})
