import type {
  KubernetesObject,
  V1PersistentVolumeClaim,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node'
import { stringify } from 'yaml'
import { permissions, roleRules, type Permission } from './permissions.ts'
import { suggestedPool } from './server-checks.ts'

const app = { 'app.kubernetes.io/name': 'paperclip' }
const api = 'rbac.authorization.k8s.io/v1'

/** Where the Paperclip server runs and where its agents do. */
export interface DeployOptions {
  /** Namespace of the server. */
  namespace?: string
  /** Namespace of the agents' Jobs; the server's own by default. */
  agentNamespace?: string
  /** Service account of the server. */
  serviceAccount?: string
  /** Name of Role and RoleBinding. */
  role?: string
  /** What the server may do in the agents' namespace; the adapter's own table by default. */
  grants?: readonly Permission[]
}

/** The server's service account and the least that it must be allowed: the very table that the environment test checks. */
export function rbacManifests({
  namespace = 'paperclip',
  agentNamespace = namespace,
  serviceAccount = 'paperclip',
  role = 'agent-jobs',
  grants = permissions,
}: DeployOptions = {}): (V1ServiceAccount | V1Role | V1RoleBinding)[] {
  const bound = (name: string, where: string, rules: V1Role['rules']): (V1Role | V1RoleBinding)[] => [
    { apiVersion: api, kind: 'Role', metadata: { name, namespace: where }, rules: rules ?? [] },
    {
      apiVersion: api,
      kind: 'RoleBinding',
      metadata: { name, namespace: where },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    },
  ]
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace } },
    ...bound(role, agentNamespace, roleRules(grants)),
    // Agent pods are made after the server's own pod, which is in another namespace then.
    ...(agentNamespace === namespace
      ? []
      : bound(`${role}-own-pod`, namespace, [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])),
  ]
}

/** A Paperclip server for these adapters: claim, service and one pod. Keys come from a Secret that is made by hand. */
export function serverManifests({ namespace = 'paperclip', serviceAccount = 'paperclip' }: DeployOptions = {}): (
  | V1PersistentVolumeClaim
  | V1Service
  | V1StatefulSet
)[] {
  const host = `paperclip.${namespace}.svc`
  const key = (name: string) => ({ name, valueFrom: { secretKeyRef: { name: 'paperclip-keys', key: name } } })
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'paperclip-data', namespace },
      // Agent pods on other nodes mount it, too.
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '20Gi' } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'paperclip', namespace },
      spec: { selector: app, ports: [{ name: 'http', port: 3100, targetPort: 'http' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'paperclip', namespace },
      spec: {
        serviceName: 'paperclip',
        replicas: 1,
        selector: { matchLabels: app },
        template: {
          metadata: { labels: app },
          spec: {
            serviceAccountName: serviceAccount,
            terminationGracePeriodSeconds: 60,
            // The user of agent pods: server and agents share the volume.
            securityContext: { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true, fsGroup: 1000 },
            containers: [
              {
                name: 'paperclip',
                image: 'paperclip:latest',
                ports: [{ name: 'http', containerPort: 3100 }],
                env: [
                  { name: 'PAPERCLIP_HOME', value: '/paperclip' },
                  { name: 'PAPERCLIP_DEPLOYMENT_MODE', value: 'authenticated' },
                  { name: 'PAPERCLIP_DEPLOYMENT_EXPOSURE', value: 'private' },
                  { name: 'PAPERCLIP_BIND', value: 'lan' },
                  { name: 'HOST', value: '0.0.0.0' },
                  { name: 'PORT', value: '3100' },
                  // By this address agents call back, also those of a run that outlives this pod.
                  { name: 'PAPERCLIP_API_URL', value: `http://${host}:3100` },
                  { name: 'PAPERCLIP_ALLOWED_HOSTNAMES', value: `paperclip,${host},${host}.cluster.local` },
                  { name: 'DATABASE_POOL_MAX', value: String(suggestedPool) },
                  key('BETTER_AUTH_SECRET'),
                  key('PAPERCLIP_AGENT_JWT_SECRET'),
                ],
                volumeMounts: [{ name: 'data', mountPath: '/paperclip' }],
                // Without a share of its own it starves beside its agents, and loses its leases on their runs.
                resources: { requests: { cpu: '500m', memory: '1Gi' } },
                readinessProbe: {
                  // Paperclip refuses host names that it does not know, the pod's address among them.
                  httpGet: { path: '/api/health', port: 'http', httpHeaders: [{ name: 'Host', value: 'localhost' }] },
                  periodSeconds: 2,
                  failureThreshold: 3,
                },
              },
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } }],
          },
        },
      },
    },
  ]
}

/** Objects as one YAML text. */
export function manifestsYaml(heading: string, objects: readonly KubernetesObject[]): string {
  const lines = heading.split('\n').map((line) => `# ${line}`)
  return (
    [
      lines.join('\n'),
      ...objects.map((object) =>
        stringify(object, { lineWidth: 120, singleQuote: true, aliasDuplicateObjects: false }).trimEnd(),
      ),
    ].join('\n---\n') + '\n'
  )
}
