import { quantityValue } from '@agent-jobs/kube-api'
import type { RunRequest } from '@agent-jobs/k8s-job-runner'
import type { Agent } from '@agent-jobs/agent-run'
import { agentLabel } from '../agents/job-agent.ts'
import type { ClaimMount, GitSource, TolerationOption } from '../input/options.ts'
import { wrapCommand } from './wrapper.ts'

/** What the command line knows about a run. */
export interface RunWish {
  readonly agent: Agent
  readonly image: string
  readonly runId: string
  readonly prompt: string
  /** Environment that the user gave: any of it may be a secret. */
  readonly secretEnv: Readonly<Record<string, string>>
  /** Environment that is known not to be secret. */
  readonly env?: Readonly<Record<string, string>>
  readonly claims?: readonly ClaimMount[]
  readonly extra?: readonly string[]
  readonly cwd?: string | undefined
  readonly key?: string | undefined
  readonly model?: string | undefined
  readonly timeoutMs?: number | undefined
  readonly startTimeoutMs?: number | undefined
  readonly keep?: boolean
  /** What the pod asks for, as Kubernetes quantities; memory is its limit, too. */
  readonly cpu?: string | undefined
  readonly memory?: string | undefined
  readonly limitCpu?: string | undefined
  readonly gpu?: number | undefined
  readonly pullSecrets?: readonly string[] | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly serviceAccount?: string | undefined
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined
  readonly tolerations?: readonly TolerationOption[] | undefined
  /** Kueue's LocalQueue. */
  readonly queue?: string | undefined
  /** A pod template that is laid over the pod. */
  readonly template?: Record<string, unknown> | undefined
  readonly git?: GitSource | undefined
  readonly copyIn?: readonly PackedInput[]
  readonly copyOut?: readonly string[]
}

/** A packed folder and where the container unpacks it. */
export interface PackedInput {
  readonly archive: Uint8Array
  readonly path: string
}

// The slowest background task seen continued for 90 s after a result.
const hangAfterFinishMs = 120_000
// A pod without a CPU request starves next to busy ones: the first line took 80 s instead of 3.
const defaultCpu = '100m'

/** Makes the request of a run: prompt and given environment go to the Secret, never to the Job. */
export function createRunRequest(wish: RunWish): RunRequest {
  const {
    agent,
    image,
    runId,
    prompt,
    secretEnv,
    claims = [],
    extra = [],
    cwd,
    model,
    timeoutMs,
    startTimeoutMs,
  } = wish
  const { git, copyIn = [], copyOut = [], labels, pullSecrets, serviceAccount, queue, template } = wish
  const given = new Set(Object.keys(secretEnv))
  const env = Object.entries({ ...agent.env, ...wish.env }).filter(([name]) => !given.has(name))
  const files = copyIn.map(({ archive }, at) => ({ path: `/tmp/agent-jobs-in-${at}.tgz`, content: archive }))
  const argv = wrapCommand({
    argv: agent.argv({ model, extra }),
    workspace: { git, copyIn: copyIn.map(({ path }, at) => ({ archive: files[at]?.path ?? '', path })), copyOut },
    needsBash: agent.needsBash ?? false,
  })
  return {
    key: wish.key ?? `cli-${runId}`,
    runId,
    // A generated key tells a reader of Job names nothing; a given one does.
    ...(wish.key === undefined ? { name: `${agent.name}-${runId.slice(-12)}` } : { namePrefix: agent.name }),
    image,
    labels: { ...labels, [agentLabel]: agent.name },
    command: {
      argv,
      // The agents' own tools need one.
      shell: true,
      stdin: prompt,
      ...(files.length === 0 ? {} : { files }),
      ...(agent.finish === undefined ? {} : { finish: agent.finish }),
      limits: { hangAfterFinishMs, ...(timeoutMs === undefined ? {} : { totalMs: timeoutMs }) },
      ...(cwd === undefined ? {} : { cwd, createCwd: true }),
    },
    env: Object.fromEntries(env),
    secretEnv: { ...secretEnv },
    resources: resourcesOf(wish),
    scheduling: schedulingOf(wish),
    ...(pullSecrets === undefined ? {} : { pullSecrets }),
    ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
    ...(queue === undefined ? {} : { queue: { name: queue } }),
    ...(template === undefined ? {} : { podTemplate: template }),
    retain: wish.keep ?? false,
    ...(startTimeoutMs === undefined ? {} : { start: { budgetSeconds: startTimeoutMs / 1000 } }),
    ...(claims.length === 0
      ? {}
      : {
          volumes: claims.map(({ claim }, at) => ({
            name: `claim-${at}`,
            persistentVolumeClaim: { claimName: claim },
          })),
          mounts: claims.map(({ path }, at) => ({ name: `claim-${at}`, mountPath: path })),
        }),
  }
}

function resourcesOf(wish: RunWish): NonNullable<RunRequest['resources']> {
  const {
    memory,
    limitCpu,
    gpu,
    cpu = limitCpu !== undefined && isLess(limitCpu, defaultCpu) ? limitCpu : defaultCpu,
  } = wish
  const limits = {
    ...(memory === undefined ? {} : { memory }),
    ...(limitCpu === undefined ? {} : { cpu: limitCpu }),
    ...(gpu === undefined ? {} : { 'nvidia.com/gpu': String(gpu) }),
  }
  return {
    requests: { cpu, ...(memory === undefined ? {} : { memory }) },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  }
}

function isLess(a: string, b: string): boolean {
  return (quantityValue(a) ?? 0) < (quantityValue(b) ?? 0)
}

function schedulingOf({ nodeSelector, tolerations }: RunWish): NonNullable<RunRequest['scheduling']> {
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(tolerations === undefined ? {} : { tolerations: tolerations.map((each) => ({ ...each })) }),
  }
}
