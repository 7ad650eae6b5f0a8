import { packEnv, programText, type LaunchSpec } from '@agent-jobs/launcher'
import { jobDeadlineSeconds } from './deadlines.ts'
import { followSettings, type FollowSettings } from './follow-settings.ts'
import type { Job, PodTemplate, Secret } from './kubernetes.ts'
import { shortHash, toLabelValue } from './label-value.ts'
import { annotation, label } from './labels.ts'
import { jobNameFor, secretNameFor } from './object-names.ts'
import { mergePodTemplate } from './pod-overlay.ts'
import { guardKey, podSpec } from './pod-template.ts'
import type { RunRequest } from './run-request.ts'

/** The Secret and the Job of a run, and the settings to follow it. */
export interface RunManifest {
  secret: Secret
  job: Job
  settings: FollowSettings
}

function launchSpec(request: RunRequest): LaunchSpec {
  const { argv, cwd, mounts, createCwd, unsetEnv, prependPath, limits, finish, proxy, outputDirectory } =
    request.command
  const graceMs = (request.terminationGracePeriodSeconds ?? 30) * 1000
  return {
    version: 1,
    argv: [...argv],
    ...(cwd === undefined ? {} : { cwd }),
    ...(createCwd === undefined ? {} : { createCwd }),
    ...(mounts === undefined || mounts.length === 0 ? {} : { mounts: [...mounts] }),
    ...(unsetEnv === undefined ? {} : { unsetEnv: [...unsetEnv] }),
    ...(prependPath === undefined ? {} : { prependPath: [...prependPath] }),
    ...(request.journal === undefined
      ? {}
      : { journal: { ...request.journal, ...(request.queue === undefined ? {} : { startsOnce: true }) } }),
    ...(outputDirectory === undefined ? {} : { outputDirectory }),
    limits: {
      ...limits,
      // The launcher must finish before the kubelet's grace period ends, or its last output and end record are lost.
      killGraceMs: Math.min(limits?.killGraceMs ?? 10_000, Math.max(graceMs - 2000, graceMs / 2)),
    },
    ...(finish === undefined ? {} : { finish }),
    ...(proxy === undefined ? {} : { proxy }),
  }
}

/** On the Job only: Kueue would treat a pod with these labels as a separate workload. */
function queueLabels({ queue }: RunRequest): Record<string, string> {
  if (queue === undefined) return {}
  const { name, priorityClass } = queue
  return { [label.queue]: name, ...(priorityClass === undefined ? {} : { [label.queuePriority]: priorityClass }) }
}

/**
 * The Secret and the Job of a request. Pure: the same request gives the same objects. Prompt, files, launcher and
 * `secretEnv` are in the Secret only.
 */
export function buildManifest(request: RunRequest, namespace: string): RunManifest {
  const { key, runId, command } = request
  const runHash = shortHash(`${key}:${runId}`, 16)
  const name = request.name ?? jobNameFor(request.namePrefix ?? 'run', key, runId)
  const secretName = secretNameFor(key)
  const settings = followSettings(request, secretName)
  const runLabel = toLabelValue(runId)
  const labels: Record<string, string> = {
    [label.managedBy]: 'agent-jobs',
    ...request.labels,
    [label.managed]: 'true',
    [label.keyHash]: shortHash(key, 32),
    [label.runHash]: runHash,
    ...(runLabel === null ? {} : { [label.runId]: runLabel }),
  }
  const annotations = { ...request.annotations, [annotation.runId]: runId, [annotation.key]: key }
  const input = {
    ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
    ...(command.files === undefined ? {} : { files: [...command.files] }),
  }
  return {
    settings,
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: secretName,
        namespace,
        labels,
        annotations: { [annotation.runId]: runId, [annotation.key]: key, [annotation.job]: name },
      },
      type: 'Opaque',
      // Not `immutable`: the kubelet would give the next run of the key the data of the last one
      // (docs/kubernetes-facts.md#secret-lock). A plain Secret is watched, and the guard key makes the kubelet wait for
      // the right one.
      stringData: {
        ...request.secretEnv,
        ...packEnv(launchSpec(request), input),
        AGENT_JOBS_LAUNCHER: programText,
        // Only its presence counts; a run id may contain characters that an environment variable cannot.
        [guardKey(runHash)]: 'yes',
      },
    },
    job: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        namespace,
        labels: { ...labels, ...queueLabels(request) },
        annotations: { ...annotations, [annotation.follow]: JSON.stringify(settings) },
      },
      spec: {
        // A second pod would run the command again from its beginning, so there is never one.
        backoffLimit: 0,
        completions: 1,
        parallelism: 1,
        // Replace a pod being deleted, and judge its Job, only when it has really ended.
        podReplacementPolicy: 'Failed',
        activeDeadlineSeconds: jobDeadlineSeconds(request),
        ttlSecondsAfterFinished: request.ttlSecondsAfterFinished ?? 3600,
        ...(request.suspend === true || request.queue !== undefined ? { suspend: true } : {}),
        template: mergePodTemplate<PodTemplate>(
          {
            metadata: {
              labels,
              annotations: {
                ...request.annotations,
                [annotation.runId]: runId,
                'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
                'karpenter.sh/do-not-disrupt': 'true',
              },
            },
            spec: podSpec(request, secretName, runHash),
          },
          request.podTemplate,
        ),
      },
    },
  }
}
