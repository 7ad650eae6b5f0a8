import { randomSuffix } from '../names.ts'
import { fillPodSpec } from './fill-pod-spec.ts'
import type { Container, Pod, PodSpec } from '../types.ts'

const defaultTag = (image: string) => {
  const last = image.split('/').at(-1) ?? ''
  return last.includes('@') ? false : !last.includes(':') || last.endsWith(':latest')
}

function defaultContainer(container: Container): void {
  container.resources ??= {}
  const { requests, limits } = container.resources
  if (limits !== undefined) container.resources.requests = { ...limits, ...requests }
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.imagePullPolicy ??= defaultTag(container.image ?? '') ? 'Always' : 'IfNotPresent'
}

/** The defaults that both a Pod and a Job's template get from the API server. */
export function defaultPodSpec(spec: PodSpec): void {
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) defaultContainer(container)
  fillPodSpec(spec)
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec['dnsPolicy'] ??= 'ClusterFirst'
  spec.securityContext ??= {}
  spec['schedulerName'] ??= 'default-scheduler'
}

/** `Guaranteed`, `Burstable` or `BestEffort`, by the rule of the API server. */
export function qosClass(spec: PodSpec): string {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const has = (map: Record<string, string> | undefined) => map !== undefined && ('cpu' in map || 'memory' in map)
  if (!containers.some((c) => has(c.resources?.requests) || has(c.resources?.limits))) return 'BestEffort'
  const guaranteed = containers.every(({ resources }) =>
    (['cpu', 'memory'] as const).every((name) => {
      const limit = resources?.limits?.[name]
      return limit !== undefined && (resources?.requests?.[name] ?? limit) === limit
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

const notReadyTolerations = ['not-ready', 'unreachable'].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}))

/** What the admission plug-ins of a real cluster add to a new Pod. */
export function admitPod(pod: Pod, random: () => number, automount: boolean): void {
  const { spec } = pod
  spec.serviceAccountName ??= 'default'
  spec['serviceAccount'] = spec.serviceAccountName
  if (spec.automountServiceAccountToken ?? automount) mountToken(spec, random)
  const tolerations = spec.tolerations ?? []
  const missing = notReadyTolerations.filter(
    (own) => !tolerations.some((t) => t.key === own.key && (t.effect ?? own.effect) === own.effect),
  )
  spec.tolerations = [...tolerations, ...missing]
  spec.priority ??= 0
  spec['enableServiceLinks'] ??= true
  spec['preemptionPolicy'] ??= 'PreemptLowerPriority'
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'

function mountToken(spec: PodSpec, random: () => number): void {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const open = containers.filter((c) => !(c.volumeMounts ?? []).some((m) => m.mountPath === tokenPath))
  if (open.length === 0) return
  const name = `kube-api-access-${randomSuffix(random)}`
  for (const container of open) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: tokenPath }]
  }
  spec.volumes = [
    ...(spec.volumes ?? []),
    {
      name,
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
        defaultMode: 420,
      },
    },
  ]
}
