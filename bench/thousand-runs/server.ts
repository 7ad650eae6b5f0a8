// A Paperclip server's process with one adapter that executes runs of as many agents. The parent sends the runs; when
// each has printed something, this process reports it. The parent can have an interval measured.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { claudeDefinition } from '@agent-jobs/adapter-claude-k8s'
import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'

/** What the parent wants. */
export type Order =
  | { kind: 'execute'; runs: { runId: string; agentId: string; taskId: string }[]; config: Record<string, unknown> }
  | { kind: 'measure'; seconds: number }

/** What this process reports. */
export type Report =
  | { kind: 'ready' }
  | { kind: 'speaking'; ms: number; adopted: number }
  | ({ kind: 'measured' } & Load)
  | { kind: 'ended'; succeeded: number; errors: string[] }

/** The load of an interval. */
export interface Load {
  /** Heap and buffers after a collection. */
  bytes: number
  rss: number
  /** Share of one core. */
  core: number
  /** Delay of the event loop in ms, 99th percentile. */
  delayP99: number
  lines: number
}

const { env } = process
const adapter = createAdapter(claudeDefinition, systemDependencies({ env, clusters: createClusterPool({ env }) }))
const report = (value: Report): void => void process.send?.(value)
let lines = 0
let adopted = 0

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function measure(seconds: number): Promise<Load> {
  const resolution = 1
  const delay = monitorEventLoopDelay({ resolution })
  const [linesBefore, cpu, begun] = [lines, process.cpuUsage(), performance.now()]
  delay.enable()
  await wait(seconds * 1_000)
  delay.disable()
  const { user, system } = process.cpuUsage(cpu)
  const core = (user + system) / 1_000 / (performance.now() - begun)
  collect()
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  const delayP99 = Math.max(0, delay.percentile(99) / 1e6 - resolution)
  return { bytes: heapUsed + external, rss, core, delayP99, lines: lines - linesBefore }
}

type Run = Extract<Order, { kind: 'execute' }>['runs'][number]

/** A context as Paperclip passes it. It keeps none of the output. */
function contextOf({ runId, agentId, taskId }: Run, config: Record<string, unknown>, onFirst: () => void) {
  let hasSpoken = false
  return {
    runId,
    agent: { id: agentId, companyId: 'bench-company', name: 'Ada', adapterType: 'claude_k8s', adapterConfig: {} },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: taskId },
    config,
    context: { taskId, issueId: taskId, taskKey: taskId, wakeReason: 'issue_assigned', paperclipTaskMarkdown: 'Work.' },
    authToken: 'run-token-0123456789',
    onLog: async (_stream: 'stdout' | 'stderr', chunk: string) => {
      if (!chunk.startsWith('{')) return
      lines += 1
      if (!hasSpoken) onFirst()
      hasSpoken = true
    },
    onEvent: async (event: { payload?: Record<string, unknown> | null }) => {
      if (event.payload?.['event'] === 'k8s.job.adopted') adopted += 1
    },
  } as unknown as AdapterExecutionContext
}

async function execute({ runs, config }: Extract<Order, { kind: 'execute' }>): Promise<void> {
  const begun = performance.now()
  let speaking = 0
  const onFirst = (): void => {
    speaking += 1
    if (speaking === runs.length) report({ kind: 'speaking', ms: performance.now() - begun, adopted })
  }
  const errors: string[] = []
  const results = await Promise.allSettled(runs.map((run) => adapter.execute(contextOf(run, config, onFirst))))
  let succeeded = 0
  for (const result of results) {
    if (result.status === 'fulfilled' && result.value.exitCode === 0) succeeded += 1
    else errors.push(result.status === 'fulfilled' ? String(result.value.errorMessage) : String(result.reason))
  }
  report({ kind: 'ended', succeeded, errors: [...new Set(errors)].slice(0, 5) })
}

process.on('message', (order: Order) => {
  if (order.kind === 'measure') void measure(order.seconds).then((load) => report({ kind: 'measured', ...load }))
  else void execute(order)
})
process.on('disconnect', () => process.exit(0))
report({ kind: 'ready' })
