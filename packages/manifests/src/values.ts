import { z } from 'zod'

/** A Kubernetes object, or a list of them, that is passed on as it is. */
const passedOn = z.record(z.string(), z.unknown())
const list = z.array(passedOn)
const texts = z.record(z.string(), z.string())
const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a lower-case DNS label')
const optionalLabel = z.union([z.literal(''), label])
const quantity = z.string().regex(/^\d+(\.\d+)?(m|[kMGTPE]i?)?$/, 'must be a Kubernetes quantity such as 20Gi')
const port = z.int().min(1).max(65_535)

const account = z.strictObject({
  create: z.boolean().default(true).describe('Create the service account of the server.'),
  name: label.default('paperclip').describe('Name of the service account.'),
  annotations: texts.default({}).describe('Annotations, for example for IRSA or GKE workload identity.'),
})

const server = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe(
      'Install a Paperclip server. `false` installs only the rights and namespaces for a server that you have.',
    ),
  image: z
    .string()
    .min(1)
    .default('agent-jobs/paperclip:latest')
    .describe('Image with Paperclip. Agents use it, too, unless their settings name another image.'),
  imagePullPolicy: z
    .enum(['IfNotPresent', 'Always', 'Never'])
    .default('IfNotPresent')
    .describe('When to pull the image.'),
  imagePullSecrets: list.default([]).describe('Pull secrets, for example `[{ name: registry }]`. Agents inherit them.'),
  command: z.array(z.string()).default([]).describe("Command of the container. Empty: the image's own."),
  keysSecret: label
    .default('paperclip-keys')
    .describe(
      'Secret with the keys `BETTER_AUTH_SECRET` and `PAPERCLIP_AGENT_JWT_SECRET`. Create it before you install.',
    ),
  publicUrl: z
    .string()
    .default('')
    .describe('URL at which people reach the server. Empty: derived from the ingress host.'),
  apiUrl: z
    .string()
    .default('')
    .describe('URL at which agents reach the server. Empty: the address of the Service inside the cluster.'),
  allowedHostnames: z.string().default('').describe('More host names that Paperclip accepts, separated by commas.'),
  databasePool: z
    .int()
    .min(10)
    .default(50)
    .describe('Database connections. Paperclip stalls when ten runs begin at once with ten.'),
  env: list
    .default([])
    .describe('More environment variables, as in a container. Other values can refer to them as `$(NAME)`.'),
  envFrom: list.default([]).describe('More sources of environment variables, as in a container.'),
  resources: passedOn
    .default({ requests: { cpu: '500m', memory: '1Gi' } })
    .describe(
      'Resources of the server. Without a CPU request it starves beside its agents and loses its leases on their runs.',
    ),
  podAnnotations: texts.default({}).describe('Annotations of the pod.'),
  podSecurityContext: passedOn
    .default({
      runAsUser: 1000,
      runAsGroup: 1000,
      runAsNonRoot: true,
      fsGroup: 1000,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    })
    .describe('Security context of the pod. Agents run as the same user because they share the data volume.'),
  securityContext: passedOn
    .default({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })
    .describe('Security context of the container.'),
  nodeSelector: texts.default({}).describe('Labels of the nodes that may run the server.'),
  tolerations: list.default([]).describe('Taints that the server tolerates.'),
  affinity: passedOn.default({}).describe('Affinity of the server.'),
  priorityClassName: z.string().default('').describe('Priority class of the server.'),
  terminationGracePeriodSeconds: z.int().min(1).default(60).describe('Seconds that the server has to stop.'),
  extraVolumes: list.default([]).describe('More volumes of the pod, for example a ConfigMap with your CA.'),
  extraVolumeMounts: list.default([]).describe('More mounts of the container.'),
})

const database = z.strictObject({
  secret: optionalLabel
    .default('')
    .describe('Secret with the URL of an external PostgreSQL. Empty: the PostgreSQL that Paperclip embeds.'),
  key: z.string().min(1).default('DATABASE_URL').describe('Key of the URL in the Secret.'),
})

const service = z.strictObject({
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP').describe('Type of the Service.'),
  port: port.default(3100).describe('Port of the Service.'),
  annotations: texts.default({}).describe('Annotations of the Service.'),
})

const ingress = z.strictObject({
  enabled: z.boolean().default(false).describe('Create an Ingress.'),
  className: z.string().default('').describe('Ingress class. Empty: the default class of the cluster.'),
  host: z.string().default('').describe('Host name of the server.'),
  extraHosts: z.array(z.string().min(1)).default([]).describe('More host names that lead to the server.'),
  path: z.string().default('/').describe('Path of the server.'),
  tlsSecret: optionalLabel.default('').describe('Secret with the certificate. Empty: no TLS at the Ingress.'),
  annotations: texts.default({}).describe('Annotations, for example for cert-manager.'),
})

const storage = z.strictObject({
  existingClaim: optionalLabel
    .default('')
    .describe(
      'Claim to use for the data volume. Empty: create `paperclip-data`. Without `server.enabled`: the claim of your server.',
    ),
  storageClassName: z.string().default('').describe('Storage class. Empty: the default class of the cluster.'),
  accessMode: z
    .enum(['ReadWriteMany', 'ReadWriteOnce'])
    .default('ReadWriteMany')
    .describe('Access mode. With `ReadWriteOnce`, agents are scheduled to the node of the server by a pod affinity.'),
  size: quantity.default('20Gi').describe('Size of the data volume.'),
  keep: z.boolean().default(true).describe('Keep the claim when the release is uninstalled.'),
})

const agents = z.strictObject({
  namespace: optionalLabel
    .default('')
    .describe(
      "Namespace of the agents' Jobs. Empty: a namespace of their own, that of the release with `-agents` at its end.",
    ),
  createNamespace: z
    .boolean()
    .default(true)
    .describe('Create that namespace and enforce `podSecurity` on it. It stays when the release is uninstalled.'),
  existingClaim: optionalLabel
    .default('')
    .describe(
      'Claim in their namespace on the same storage as the data volume. Empty: a Job makes one, see `shareVolume`.',
    ),
  podSecurity: z
    .enum(['restricted', 'baseline', 'privileged'])
    .default('restricted')
    .describe('Pod Security level of the namespace of the agents.'),
  quota: texts
    .default({})
    .describe(
      "Hard limits of a ResourceQuota in the agents' namespace, for example `{ pods: '50' }`. Empty: no quota.",
    ),
  limits: list.default([]).describe("Entries of a LimitRange in the agents' namespace. Empty: no LimitRange."),
  volumeClaims: z
    .boolean()
    .default(false)
    .describe('Allow `agentDbMode: dedicated_pvc`, which creates a claim for each agent.'),
})

const shareVolume = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe(
      'Run a Job that makes a volume and a claim on the storage of the data volume in the namespace of the agents.',
    ),
  image: z.string().default('').describe('Image with Node.js for the Job. Empty: `server.image`.'),
  env: list.default([]).describe('Environment variables of the Job, as in a container.'),
  resources: passedOn
    .default({ requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } })
    .describe('Resources of the Job.'),
})

const policyPatterns = z.union([z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))])
const policyMaximum = z.union([z.number(), z.string(), z.record(z.string(), z.union([z.number(), z.string()]))])

const policy = z.strictObject({
  defaults: passedOn
    .default({})
    .describe(
      'Defaults for new and existing agents: settings that count where their own are empty, for example `{ image: … }`.',
    ),
  allow: z
    .record(z.string(), policyPatterns)
    .default({})
    .describe('Settings that agents may use, with patterns of their values: `{ image: [registry.example/*] }`.'),
  maximum: z
    .record(z.string(), policyMaximum)
    .default({})
    .describe('Greatest values of settings: `{ resources.limits.memory: 16Gi }`.'),
  adapters: z
    .record(z.string(), passedOn)
    .default({})
    .describe('The same for one type of agents, for example `{ claude_k8s: { defaults: { model: … } } }`.'),
  kubeconfigTrust: z
    .enum(['data', 'paths', 'plugins'])
    .default('data')
    .describe('What a kubeconfig in the settings of an agent may contain.'),
  replaceBuiltIn: z
    .boolean()
    .default(false)
    .describe(
      "Put the adapters in place of Paperclip's built-in types, such as `claude_local`: their agents run in pods.",
    ),
  inherit: z
    .strictObject({
      env: z.array(z.string().min(1)).default([]).describe('More variables of the server that agents get, by pattern.'),
      volumes: z
        .array(z.string().min(1))
        .default([])
        .describe('Volumes of the server that agents get, for example `secret/NAME`, in a shared namespace.'),
    })
    .prefault({}),
})

const networkPolicy = z.strictObject({
  enabled: z.boolean().default(false).describe('Restrict what agents can connect to.'),
  dns: z.boolean().default(true).describe('Allow DNS, port 53.'),
  server: z.boolean().default(true).describe('Allow the Paperclip server.'),
  egress: list
    .default([{ ports: [{ port: 443, protocol: 'TCP' }] }])
    .describe('Egress rules for model providers, Git servers and the like. Default: port 443 anywhere.'),
})

const metrics = z.strictObject({
  enabled: z.boolean().default(true).describe('Serve Prometheus metrics of the runs in the process of the server.'),
  port: port.default(9464).describe('Port of the metrics; `/metrics` needs no credentials.'),
  podMonitor: z.boolean().default(false).describe('Create a PodMonitor for the Prometheus Operator.'),
})

/** Everything that can be set, with defaults. Unknown keys are refused. */
export const valuesSchema = z.strictObject({
  name: label.default('paperclip').describe('Name of the server and prefix of the other objects.'),
  server: server.prefault({}),
  serviceAccount: account.prefault({}),
  database: database.prefault({}),
  service: service.prefault({}),
  ingress: ingress.prefault({}),
  storage: storage.prefault({}),
  agents: agents.prefault({}),
  shareVolume: shareVolume.prefault({}),
  networkPolicy: networkPolicy.prefault({}),
  metrics: metrics.prefault({}),
  policy: policy.prefault({}),
})

/** Values as an operator writes them. */
export type ValuesInput = z.input<typeof valuesSchema>
/** Values with every default filled in. */
export type Values = z.output<typeof valuesSchema>
