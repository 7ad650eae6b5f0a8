import type { RunRequest } from '@agent-jobs/k8s-job-runner'
import type { V1EnvVar, V1EnvVarSource } from '@kubernetes/client-node'
import type { AgentVolumeClaim, AgentFile, CommonSettings } from '../agent/agent-definition.ts'
import { AdapterError } from '../adapter-error.ts'
import type { PodInheritance } from './inherit-from-pod.ts'
import type { AgentEnv } from './agent-env.ts'
import { extraAnnotations, extraEnvironment, extraVolumes, podFields } from './pod-fields.ts'
import { podVolumes } from './pod-volumes.ts'
import type { FolderIdentity } from '../volume/pod-folders.ts'
import type { VolumeFolder } from '../volume/volume-scope.ts'
import { extraLabels, identityAnnotations, identityLabels, type RunIdentity } from './labels.ts'

/** Everything a Job is made of, decided. */
export interface RequestInput {
  identity: RunIdentity & { agentName: string; promptBundleKey: string | null; traceRecord: string | null }
  key: string
  jobName: string
  containerName: string
  settings: CommonSettings
  inheritance: PodInheritance | null
  /** Namespace of the Job; references and claims of the server's pod are valid only in the server's own. */
  namespace: string
  references: readonly V1EnvVar[]
  /** Who assigns user and group of pods in this namespace. */
  podUser: 'fixed' | 'platform'
  env: AgentEnv
  argv: readonly string[]
  cwd: string
  stdin: string
  files: readonly AgentFile[]
  /** Directories before those of the pod's PATH. */
  prependPath?: readonly string[]
  volumeClaims: readonly AgentVolumeClaim[]
  dataMountPath: string
  /** Folders of the data volume that the pod gets; null for all of it. */
  folders: readonly VolumeFolder[] | null
  /** Which folders on disk these must be; the launcher refuses to start when a mount is a different one. */
  identities: readonly FolderIdentity[]
  journalPath: string | null
  finishRule: RunRequest['command']['finish']
  proxy: RunRequest['command']['proxy'] | null
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

/** A reference in the settings takes precedence over a literal of the same name. */
type FinishRule = NonNullable<RunRequest['command']['finish']>

/** The agent's rule, with the user's number of steps where one is set. */
function withLoopLimit(rule: FinishRule, steps: number): FinishRule {
  return rule.loop === undefined || steps <= 0 ? rule : { ...rule, loop: { ...rule.loop, maxSteps: Math.ceil(steps) } }
}

function without(variables: Record<string, string>, names: object): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !(name in names)))
}

const seconds = (value: number) => Math.max(1, Math.ceil(value))

// A server's image sets `production`, which makes an agent's package manager skip build and test dependencies.
const bakedNames = ['NODE_ENV', 'PAPERCLIP_GITHUB_AUTH_MODE']

/** Makes the run's request. Pure. */
export function buildRequest(input: RequestInput): { request: RunRequest; warnings: string[] } {
  const { identity, settings, inheritance, env } = input
  const image = settings.image ?? inheritance?.image
  if (!image) {
    throw new AdapterError(
      'k8s_image_unknown',
      'No image for the agent pod: the Paperclip server is not a pod of this cluster, so there is none to inherit. Set "image" in the agent\'s settings.',
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
  const { volumes, mounts } = podVolumes(input)
  const more = extraVolumes(settings)
  const variables = extraEnvironment(settings)
  const references = { ...referencesOf(input), ...variables.references }
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
      mounts: input.identities,
      unsetEnv: bakedNames.filter((name) => !(name in env.plain || name in env.secret || name in references)),
      ...(input.prependPath?.length ? { prependPath: input.prependPath } : {}),
      stdin: input.stdin,
      ...(input.finishRule ? { finish: withLoopLimit(input.finishRule, settings.stepsWithoutProgress) } : {}),
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
    env: without(env.plain, variables.references),
    secretEnv: without(env.secret, variables.references),
    envFrom: variables.envFrom,
    envValueFrom: references,
    labels: { ...extra.labels, ...identityLabels(identity) },
    annotations: { ...extraAnnotations(settings), ...identityAnnotations(identity) },
    ...podFields(input),
    volumes: [...volumes, ...more.volumes],
    mounts: [...mounts, ...more.mounts],
    // The launcher ends the run at the limit and reports it; the pod's deadline covers a launcher that cannot.
    ...(settings.timeoutSec > 0
      ? { deadlineSeconds: seconds(settings.timeoutSec + settings.graceSec + settings.podStartTimeoutSec) }
      : {}),
    terminationGracePeriodSeconds: seconds(settings.graceSec + 5),
    ttlSecondsAfterFinished: Math.max(3600, Math.ceil(settings.ttlSecondsAfterFinished)),
    sidecars: more.sidecars,
    ...(input.journalPath === null ? {} : { journal: { path: input.journalPath } }),
    retain: settings.retainJobs,
    start: {
      budgetSeconds: seconds(settings.podStartTimeoutSec),
      unschedulableGraceSeconds: seconds(settings.podScheduleTimeoutSec),
    },
  }
  return { request, warnings }
}
