import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startScriptCluster } from '../script-cluster.ts'
import type { RunOrder, RunReceipt } from './server-process.ts'

const program = fileURLToPath(new URL('server-process.ts', import.meta.url))

/** Runs, tokens and cost in nano-dollars, from results or from metrics. */
export interface Sums {
  runs: number
  inputTokens: number
  outputTokens: number
  nanoUsd: number
}

/** The objects in a file of JSON lines; empty if the file does not exist. */
function readLines<T>(file: string): T[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T)
}

function sumsOf(receipts: readonly Pick<RunReceipt, 'inputTokens' | 'outputTokens' | 'costUsd'>[]): Sums {
  return {
    runs: receipts.length,
    inputTokens: receipts.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
    outputTokens: receipts.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
    nanoUsd: receipts.reduce((sum, { costUsd }) => sum + Math.round(costUsd * 1e9), 0),
  }
}

/** Waits until metrics are served: a new process reads its totals first. */
async function isServed(port: number): Promise<void> {
  for (const until = Date.now() + 30_000; ; await pause(50)) {
    try {
      await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      return
    } catch (error) {
      if (!(error instanceof TypeError) || Date.now() > until) throw error
    }
  }
}

/**
 * Has agents do tasks on an embedded cluster while their server is killed again and again. As Paperclip does, the next
 * server is asked again for each run without a result. `results` sums up what servers returned, `spent` what agents spent by
 * their own account. `measure` reads the metrics of the last server.
 */
export async function countThroughKills<M>({
  tasks,
  kills,
  atOnce,
  port,
  random = Math.random,
  measure,
}: {
  tasks: number
  kills: number
  /** Runs at any time. */
  atOnce: number
  /** Port of the metrics, the same for every server process. */
  port: number
  random?: (() => number) | undefined
  measure: (endedAt: number) => Promise<M>
}): Promise<{ results: Sums; spent: Sums; measured: M; kills: number; asked: number; failed: string[] }> {
  const cluster = await startScriptCluster()
  const file = join(cluster.root, 'results.jsonl')
  const spent = join(cluster.root, 'spent.jsonl')
  mkdirSync(join(cluster.root, 'home'), { recursive: true })
  const receipts = () => readLines<RunReceipt>(file)
  const waiting = Array.from({ length: tasks }, () => ({ agentId: randomUUID(), taskId: randomUUID() }))
  const open = new Map<string, RunOrder>()
  let asked = 0
  let killed = 0
  let news = Promise.withResolvers<void>()
  let server: ChildProcess | null = null

  const running = (): ChildProcess => {
    if (server === null) throw new Error('no server was started')
    return server
  }
  const ask = (order: RunOrder): void => {
    asked += 1
    open.set(order.taskId, order)
    running().send(order)
  }
  const fill = (): void => {
    while (open.size < atOnce) {
      const next = waiting.shift()
      if (next === undefined) return
      ask({
        ...next,
        runId: randomUUID(),
        wakeReason: 'issue_assigned',
        config: cluster.config({ env: { SPENT_FILE: spent } }),
      })
    }
  }
  async function begin(): Promise<void> {
    server = fork(program, [file, cluster.volume], {
      execArgv: ['--conditions=@agent-jobs/source'],
      env: { ...process.env, ...cluster.env, AGENT_JOBS_METRICS_PORT: String(port), KUBECONFIG: '' },
    })
    await once(running(), 'message')
    // A listener that stays: several messages can arrive before a promise goes on.
    running().on('message', (receipt: RunReceipt) => {
      settle(receipt)
      news.resolve()
    })
    await isServed(port)
    // The adapter itself asks for these after a restart, and adopts Jobs that ended while there was no server.
    for (const order of open.values()) ask({ ...order, runId: randomUUID(), wakeReason: 'remote_job_reattach' })
    fill()
  }
  /** Takes in one result; a task whose run failed is done again. */
  function settle({ taskId, errorCode }: RunReceipt): void {
    const order = open.get(taskId)
    if (order === undefined) return
    open.delete(taskId)
    if (errorCode === null) fill()
    else ask({ ...order, runId: randomUUID(), wakeReason: 'issue_assigned' })
  }
  /** Kills the server, and counts results that it wrote down and could not send. */
  async function kill(): Promise<void> {
    // What it still sends is in its file, and nothing more can be sent to it.
    running().removeAllListeners('message')
    running().kill('SIGKILL')
    await once(running(), 'exit')
    killed += 1
    const done = new Set(receipts().flatMap(({ taskId, errorCode }) => (errorCode === null ? [taskId] : [])))
    for (const taskId of open.keys()) if (done.has(taskId)) open.delete(taskId)
  }

  try {
    await begin()
    while (open.size > 0) {
      await news.promise
      news = Promise.withResolvers()
      if (killed < kills && receipts().length >= ((killed + 1) * tasks) / (kills + 1)) {
        // At any moment of the runs that are going on.
        await pause(random() * 400)
        await kill()
        await begin()
      }
    }
    const all = receipts()
    return {
      results: sumsOf(all),
      spent: sumsOf(readLines(spent)),
      measured: await measure(Date.now()),
      kills: killed,
      asked,
      failed: all.flatMap(({ errorCode }) => errorCode ?? []),
    }
  } finally {
    running().kill('SIGKILL')
    await cluster.close()
  }
}

/** The sums in the text that a server serves at `/metrics`. */
export function sumsInText(text: string): Sums {
  const sum = (metric: string, labels = '') =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`) && line.includes(labels))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  return {
    runs: sum('agent_jobs_runs_total'),
    inputTokens: sum('agent_jobs_tokens_total', 'type="input"'),
    outputTokens: sum('agent_jobs_tokens_total', 'type="output"'),
    nanoUsd: Math.round(sum('agent_jobs_cost_usd_total') * 1e9),
  }
}
