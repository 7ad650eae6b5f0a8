import { posix } from 'node:path'
import type { RunRequest } from '@agent-jobs/k8s-job-runner'
import type { V1EnvVar, V1EnvVarSource, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import type { AgentClaim, AgentFile, CommonSettings } from '../agent/agent-definition.ts'
import { AdapterError } from '../adapter-error.ts'
import type { PodInheritance } from './inherit-from-pod.ts'
import type { AgentEnv } from './agent-env.ts'
import { dockerSidecar } from './docker-sidecar.ts'
import type { VolumeFolder } from '../volume/volume-scope.ts'
import { extraLabels, identityAnnotations, identityLabels, type RunIdentity } from './labels.ts'

/** Everything a Job is made of, decided. */
export interface RequestInput {
  identity: RunIdentity & { agentName: string; promptBundleKey: string | null }
  key: string
  jobName: string
  containerName: string
  settings: CommonSettings
  inheritance: PodInheritance | null
  /** Namespace of the Job; references and claims of the server's pod are good only in its own. */
  namespace: string
  references: readonly V1EnvVar[]
  env: AgentEnv
  argv: readonly string[]
  cwd: string
  stdin: string
  files: readonly AgentFile[]
  claims: readonly AgentClaim[]
  dataMountPath: string
  /** Folders of the data volume that the pod gets; null for all of it. */
  folders: readonly VolumeFolder[] | null
  journalPath: string | null
  finishRule: RunRequest['command']['finish']
  proxy: RunRequest['command']['proxy'] | null
}

/** The claim behind the agents' data volume: the user's, else the server's own when it can be mounted. */
export function dataClaim(settings: CommonSettings, inheritance: PodInheritance | null, namespace: string) {
  if (settings.workspaceVolumeClaim !== undefined)
    return { name: settings.workspaceVolumeClaim, subPath: null, readOnly: false }
  return inheritance?.namespace === namespace ? inheritance.dataClaim : null
}

function volumesOf(input: RequestInput): { volumes: V1Volume[]; mounts: V1VolumeMount[] } {
  const { settings, inheritance, namespace, dataMountPath } = input
  const claim = dataClaim(settings, inheritance, namespace)
  const volumes: V1Volume[] = []
  const mounts: V1VolumeMount[] = []
  if (claim) {
    volumes.push({ name: 'data', persistentVolumeClaim: { claimName: claim.name } })
    const below = (path: string) => posix.join(claim.subPath ?? '', posix.relative(dataMountPath, path))
    const folders = input.folders ?? [{ path: dataMountPath, readOnly: false }]
    for (const { path, readOnly } of folders) {
      const subPath = below(path)
      mounts.push({
        name: 'data',
        mountPath: path,
        ...(subPath === '' || subPath === '.' ? {} : { subPath }),
        ...(readOnly ? { readOnly } : {}),
      })
    }
  }
  for (const [index, own] of input.claims.entries()) {
    const name = `own-${index}`
    volumes.push({ name, persistentVolumeClaim: { claimName: own.name } })
    mounts.push({ name, mountPath: own.mountPath })
  }
  if (inheritance?.namespace !== namespace) return { volumes, mounts }
  for (const [index, { volume, mounts: at }] of inheritance.secretVolumes.entries()) {
    const name = `inherited-${index}`
    volumes.push({ ...volume, name })
    mounts.push(...at.map((mount) => Object.assign({}, mount, { name })))
  }
  return { volumes, mounts }
}

function referencesOf(input: RequestInput): Record<string, V1EnvVarSource> {
  if (input.inheritance?.namespace !== input.namespace) return {}
  const literal = new Set([...Object.keys(input.env.plain), ...Object.keys(input.env.secret)])
  return Object.fromEntries(
    input.references.flatMap(({ name, valueFrom }) =>
      valueFrom && !literal.has(name) ? [[name, valueFrom] as const] : [],
    ),
  )
}

const seconds = (value: number) => Math.max(1, Math.ceil(value))

/** Makes the run's request. Pure. */
export function buildRequest(input: RequestInput): { request: RunRequest; warnings: string[] } {
  const { identity, settings, inheritance, env } = input
  const image = settings.image ?? inheritance?.image
  if (!image) {
    throw new AdapterError(
      'k8s_image_unknown',
      'There is no image for the agent pod: the Paperclip server is not a pod of this cluster, so there is none to inherit. Set "image" in the agent\'s settings.',
    )
  }
  const extra = extraLabels(settings.labels)
  const warnings: string[] = []
  if (extra.skipped.length > 0) {
    const list = extra.skipped.map(({ name, reason }) => `${name} (${reason})`).join(', ')
    warnings.push(`skipped ${extra.skipped.length} extra label(s) with reserved prefix or invalid name: ${list}`)
  }
  if (env.shed.length > 0) {
    const list = env.shed.map(({ name, bytes }) => `${name} (${bytes} bytes)`).join(', ')
    warnings.push(`left out of the environment, since no process can take more than 128 KiB in one variable: ${list}`)
  }
  const { volumes, mounts } = volumesOf(input)
  const references = referencesOf(input)
  const docker = settings.enableDocker ? dockerSidecar(settings) : null
  const request: RunRequest = {
    key: input.key,
    runId: identity.runId,
    name: input.jobName,
    containerName: input.containerName,
    image,
    imagePullPolicy: settings.imagePullPolicy,
    command: {
      argv: input.argv,
      // The agents' own tools need one.
      shell: true,
      cwd: input.cwd,
      createCwd: true,
      stdin: input.stdin,
      ...(input.finishRule ? { finish: input.finishRule } : {}),
      ...(input.proxy ? { proxy: input.proxy } : {}),
      files: input.files.map(({ path, content, mode }) => ({
        path,
        content,
        mode: mode ?? 0o600,
      })),
      limits: {
        ...(settings.timeoutSec > 0 ? { totalMs: settings.timeoutSec * 1000 } : {}),
        ...(settings.idleTimeoutSec > 0 ? { idleMs: settings.idleTimeoutSec * 1000 } : {}),
        hangAfterFinishMs: settings.hangAfterResultSec * 1000,
        killGraceMs: Math.max(1, settings.graceSec) * 1000,
      },
    },
    env: { ...env.plain, ...docker?.env },
    secretEnv: env.secret,
    ...(Object.keys(references).length > 0 ? { envValueFrom: references } : {}),
    labels: { ...extra.labels, ...identityLabels(identity) },
    annotations: identityAnnotations(identity),
    ...placement(settings, inheritance),
    volumes: [...volumes, ...(docker?.volumes ?? [])],
    mounts: [...mounts, ...(docker?.mounts ?? [])],
    ...(inheritance?.dnsConfig ? { dnsConfig: inheritance.dnsConfig } : {}),
    ...(settings.serviceAccountName === undefined ? {} : { serviceAccountName: settings.serviceAccountName }),
    ...(inheritance?.namespace === input.namespace && inheritance.imagePullSecrets.length > 0
      ? { pullSecrets: inheritance.imagePullSecrets }
      : {}),
    // The launcher ends the run at the limit and says so; the pod's own deadline is there for a launcher that cannot.
    ...(settings.timeoutSec > 0
      ? { deadlineSeconds: seconds(settings.timeoutSec + settings.graceSec + settings.podStartTimeoutSec) }
      : {}),
    terminationGracePeriodSeconds: seconds(settings.graceSec + 5),
    ttlSecondsAfterFinished: Math.max(3600, Math.ceil(settings.ttlSecondsAfterFinished)),
    ...(docker ? { sidecars: docker.sidecars } : {}),
    ...(input.journalPath === null ? {} : { journal: { path: input.journalPath } }),
    retain: settings.retainJobs,
    start: {
      budgetSeconds: seconds(settings.podStartTimeoutSec),
      unschedulableGraceSeconds: seconds(settings.podScheduleTimeoutSec),
    },
  }
  return { request, warnings }
}

/** What an agent's pod asks of a node, and of which node. */
export function placement(
  settings: CommonSettings,
  inheritance: PodInheritance | null,
): Pick<RunRequest, 'resources' | 'scheduling'> {
  const nodeSelector = settings.nodeSelector ?? inheritance?.nodeSelector
  const tolerations = settings.tolerations ?? inheritance?.tolerations
  return {
    resources: {
      requests: resources(settings['resources.requests.cpu'], settings['resources.requests.memory']),
      limits: resources(settings['resources.limits.cpu'], settings['resources.limits.memory']),
    },
    scheduling: {
      ...(nodeSelector ? { nodeSelector } : {}),
      ...(tolerations ? { tolerations } : {}),
      ...(settings.priorityClassName === undefined ? {} : { priorityClassName: settings.priorityClassName }),
      ...(settings.runtimeClassName === undefined ? {} : { runtimeClassName: settings.runtimeClassName }),
    },
  }
}

function resources(cpu: string | undefined, memory: string | undefined): Record<string, string> {
  return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) }
}
