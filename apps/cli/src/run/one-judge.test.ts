import { type AgentDefinition, createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { runCodeTable, type Agent, type AgentSummary } from '@agent-jobs/agent-run'
import type { Outcome, OutcomeKind, RunEvent, RunHandle } from '@agent-jobs/k8s-job-runner'
import { startMiniKube, type MiniKube } from '@agent-jobs/mini-kube'
import { paperclipContext } from '@agent-jobs/paperclip-testing'
import { commonSettings } from '@agent-jobs/adapter-kit/settings'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createStyle } from '../output/style.ts'
import { followRun } from './follow-run.ts'

const outcomes: readonly (OutcomeKind & { exitCode?: number | null })[] = [
  { kind: 'succeeded', code: 'succeeded', exitCode: 0 },
  { kind: 'exited', code: 'exited', exitCode: 1 },
  { kind: 'signalled', code: 'signalled', signal: 'SIGKILL' },
  { kind: 'oomKilled', code: 'oom_killed', process: 'main' },
  { kind: 'oomKilled', code: 'oom_killed', process: 'child' },
  { kind: 'evicted', code: 'evicted', by: 'kubelet' },
  { kind: 'preempted', code: 'preempted', by: 'scheduler' },
  { kind: 'nodeLost', code: 'node_lost' },
  { kind: 'containerLost', code: 'container_lost' },
  { kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'total' },
  { kind: 'outputLimitExceeded', code: 'output_limit_exceeded' },
  { kind: 'cancelled', code: 'cancelled', by: 'an operator' },
  { kind: 'deletedExternally', code: 'deleted_externally', seen: { what: 'job', at: 1, by: 'watch' } },
  { kind: 'unschedulable', code: 'unschedulable', cause: 'resources' },
  { kind: 'imageError', code: 'image_error', container: 'agent' },
  { kind: 'configError', code: 'config_error' },
  { kind: 'initFailed', code: 'init_failed', container: 'init' },
  { kind: 'admissionDenied', code: 'admission_denied' },
  { kind: 'quotaExceeded', code: 'quota_exceeded' },
  { kind: 'startFailed', code: 'start_failed' },
  { kind: 'lost', code: 'lost', known: 'nothing' },
  { kind: 'followFailed', code: 'follow_failed' },
]

const words = { outputTokens: 5, inputTokens: 1, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
const nothing: AgentSummary = {
  sessionId: null,
  model: null,
  result: null,
  usage: { ...words, outputTokens: 0 },
  costUsd: null,
  isError: false,
  errorCode: null,
  errorMessage: null,
  finished: false,
}
const failed = (errorCode: string, usage = words): AgentSummary => ({
  ...nothing,
  usage,
  isError: true,
  errorCode,
  errorMessage: `The agent reports ${errorCode}.`,
})
const summaries: Readonly<Record<string, AgentSummary>> = {
  'a final success': { ...nothing, result: 'Done', usage: words, finished: true },
  'a result with work pending': { ...nothing, result: 'Done', usage: words },
  'no result': nothing,
  'a refused key': failed('auth_failed'),
  'a reached limit of turns': failed('max_turns'),
  'a cut stream': failed('truncated'),
  'a cut stream before a word': failed('truncated', nothing.usage),
  'an interruption': failed('interrupted'),
  'a failed start': failed('start_failed', nothing.usage),
  'an empty answer': failed('empty_response', nothing.usage),
  'an unnamed failure': failed('agent_failed'),
}
const outputs = ['complete', 'unverified', 'lost'] as const

function handleOf(outcome: Outcome, verdict: (typeof outputs)[number]): RunHandle {
  const cursor = { version: 1, framing: 'launcher', next: 0 } as const
  async function* events(): AsyncGenerator<RunEvent> {
    yield { type: 'phase', phase: 'running', message: 'Running', at: 0 }
    if (outcome.kind === 'cancelled') yield { type: 'phase', phase: 'stopping', message: 'Stopping', at: 0 }
    yield { type: 'line', stream: 'stdout', text: '{}', bytes: 2, seq: 0, time: 0, cursor }
    yield { type: 'output', verdict }
    yield { type: 'outcome', outcome }
  }
  return {
    job: { name: 'job', namespace: 'agents', uid: crypto.randomUUID() },
    pod: { name: 'pod', node: undefined },
    runId: 'run',
    key: 'key',
    events: events(),
    outcome: Promise.resolve(outcome),
    settled: Promise.resolve(),
    timings: {},
    cancel: async () => 'gone',
    finished: async () => undefined,
    detach: async () => undefined,
  }
}

function agentOf(summary: AgentSummary): Agent {
  return {
    name: 'scripted',
    title: 'The agent',
    argv: () => ['agent'],
    env: {},
    credentialEnv: [],
    transcript: () => [],
    createParser: () => {
      let lines = 0
      return {
        feed: () => undefined,
        line: () => void (lines += 1),
        get finished() {
          return summary.finished && lines > 0
        },
        end: () => summary,
      }
    },
  }
}

function adapterOf(agent: Agent): AgentDefinition {
  return {
    ...agent,
    type: 'scripted_k8s',
    conversationType: 'claude_local',
    jobNamePrefix: 'scripted',
    containerName: 'agent',
    bundleFolder: 'scripted-cache',
    schema: z.object(commonSettings),
    runtimeToolDelivery: 'environment',
    documentation: '',
    models: [],
    isSessionId: () => false,
    sessionBoundToDirectory: false,
    findSession: async () => 'unknown',
    errorNames: {},
    prepare: async () => ({ argv: ['agent'], env: {}, files: [], notes: [], warnings: [] }),
    billing: () => ({ provider: 'none', biller: 'none', billingType: 'unknown' }),
  }
}

let cluster: MiniKube
beforeAll(async () => {
  cluster = await startMiniKube()
})
afterAll(() => cluster.close())

async function byCommandLine(agent: Agent, handle: RunHandle): Promise<string | null> {
  const { report } = await followRun({
    agent,
    model: undefined,
    start: async () => handle,
    say: () => undefined,
    style: createStyle(false),
    onSignal: () => () => undefined,
    now: () => 0,
    began: 0,
  })
  return report.errorCode
}

async function byAdapter(agent: Agent, handle: RunHandle): Promise<string | null> {
  const env = { KUBERNETES_SERVICE_HOST: '' }
  const pool = createClusterPool({ env })
  const kubeconfig = cluster.kubeConfig()
  const deps = systemDependencies({
    env,
    records: () => null,
    clusters: {
      get: () => {
        const real = pool.get(kubeconfig)
        return { ...real, runner: (namespace) => ({ ...real.runner(namespace), start: async () => handle }) }
      },
      close: () => pool.close(),
    },
  })
  try {
    const config = { image: 'agent:1', namespace: 'default' }
    const { ctx } = paperclipContext({ runId: crypto.randomUUID(), adapterType: 'scripted_k8s', config })
    const { exitCode, resultJson } = await createAdapter(adapterOf(agent), deps).execute(ctx)
    const job: unknown = resultJson?.['agentJob']
    if (typeof job !== 'object' || job === null) throw new Error(`no Job in ${JSON.stringify(resultJson)}`)
    const code: unknown = Reflect.get(job, 'errorCode') ?? null
    expect(exitCode === 0).toBe(code === null)
    return code === null ? null : String(code)
  } finally {
    await deps.clusters.close()
  }
}

describe('the command line and the adapters', () => {
  it('are compared for every outcome that there is', () => {
    const codes = Object.keys(runCodeTable.outcome)
    expect(codes.filter((code) => !outcomes.some((outcome) => outcome.code === code))).toEqual([])
  })

  it.each(Object.entries(summaries))('report the same code for %s, whatever the outcome', async (_what, summary) => {
    const agent = agentOf(summary)
    const differences: string[] = []
    for (const { exitCode = null, ...kind } of outcomes) {
      const outcome = { exitCode, signal: null, source: 'end_record', notes: [], ...kind } as Outcome
      for (const verdict of outputs) {
        const line = await byCommandLine(agent, handleOf(outcome, verdict))
        const adapter = await byAdapter(agent, handleOf(outcome, verdict))
        if (line !== adapter) differences.push(`${outcome.code}, ${verdict}: ${line} and ${adapter}`)
      }
    }
    expect(differences).toEqual([])
  })
})
