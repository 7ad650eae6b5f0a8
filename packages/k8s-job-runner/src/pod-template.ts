import { bootstrapCommand } from '@agent-jobs/launcher'
import type { EnvVar, PodSpec } from './kubernetes.ts'
import { podDeadlineSeconds } from './deadlines.ts'
import { runVariable } from './read-pod.ts'
import type { RunRequest, RunScheduling } from './run-request.ts'

/** Prefix of every guard key. */
export const guardPrefix = 'AGENT_JOBS_RUN_'

/** Key in the Secret, derived from the run: its presence proves to the kubelet that the Secret is this run's. */
export const guardKey = (runHash: string): string => `${guardPrefix}${runHash}`

function nodeSelector({ nodeSelector: given, architecture }: RunScheduling): Record<string, string> | undefined {
  return architecture === undefined ? given : { 'kubernetes.io/arch': architecture, ...given }
}

/** Omits undefined fields, so that a manifest contains only what was requested. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

const fixedUser = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch' }

/** The pod of a run. It has no volume of its own: the first one costs 0.3 s (docs/kubernetes-facts.md#start-cost). */
export function podSpec(request: RunRequest, secret: string, runHash: string): PodSpec {
  const { scheduling = {} } = request
  const env: EnvVar[] = [
    // The name of the Secret is the key's, not the run's. If another run has taken the key, this reference cannot
    // be resolved and the kubelet never starts the container: two runs of one key cannot run side by side.
    { name: runVariable, valueFrom: { secretKeyRef: { name: secret, key: guardKey(runHash) } } },
    ...Object.entries(request.env ?? {}).map(([name, value]) => ({ name, value })),
    ...Object.entries(request.envValueFrom ?? {}).map(([name, valueFrom]) => ({ name, valueFrom })),
  ]
  return defined({
    restartPolicy: 'Never',
    automountServiceAccountToken: request.automountServiceAccountToken ?? false,
    enableServiceLinks: false,
    serviceAccountName: request.serviceAccountName,
    imagePullSecrets: request.pullSecrets?.map((name) => ({ name })),
    terminationGracePeriodSeconds: request.terminationGracePeriodSeconds ?? 30,
    // The pod's own deadline, not the Job's, which deletes pod and log (docs/kubernetes-facts.md#pod-deadline).
    activeDeadlineSeconds: podDeadlineSeconds(request),
    securityContext: {
      runAsNonRoot: true,
      ...(request.podUser === 'platform' ? {} : fixedUser),
      seccompProfile: { type: 'RuntimeDefault' },
      ...request.podSecurityContext,
    },
    nodeSelector: nodeSelector(scheduling),
    tolerations: scheduling.tolerations,
    affinity: scheduling.affinity,
    priorityClassName: scheduling.priorityClassName,
    runtimeClassName: scheduling.runtimeClassName,
    schedulerName: scheduling.schedulerName,
    topologySpreadConstraints: scheduling.topologySpreadConstraints,
    dnsPolicy: request.dnsPolicy,
    dnsConfig: request.dnsConfig,
    hostAliases: request.hostAliases,
    volumes: request.volumes,
    initContainers: request.sidecars?.map((sidecar) => ({ ...sidecar, restartPolicy: 'Always' })),
    containers: [
      defined({
        name: request.containerName ?? 'main',
        image: request.image,
        imagePullPolicy: request.imagePullPolicy,
        command: bootstrapCommand({ shell: request.command.shell ?? false }),
        env,
        envFrom: [{ secretRef: { name: secret } }, ...(request.envFrom ?? [])],
        resources: request.resources,
        volumeMounts: request.mounts,
        // The output must not end up in the pod's status, which more people may read than its log.
        terminationMessagePolicy: 'File',
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          ...request.containerSecurityContext,
        },
      }),
    ],
  })
}
