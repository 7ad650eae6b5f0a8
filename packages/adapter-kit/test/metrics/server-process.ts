// A server process that runs agents with the adapter and serves their metrics. Made to be killed.
// usage: node server-process.ts RESULTS_FILE VOLUME, with runs as messages: { runId, agentId, taskId, wakeReason, config }
import { appendFileSync } from 'node:fs'
import { createAdapter, createClusterPool, systemDependencies } from '../../src/index.ts'
import { processObserver } from '../../src/observe/process-observer.ts'
import { paperclipContext } from '../paperclip-context.ts'
import { spendingAgent } from './spending-agent.ts'

/** A run that the server is asked for. */
export interface RunOrder {
  runId: string
  agentId: string
  taskId: string
  wakeReason: string
  config: Record<string, unknown>
}

/** What the server writes down about each result, at once. */
export interface RunReceipt {
  runId: string
  taskId: string
  errorCode: string | null
  inputTokens: number
  outputTokens: number
  costUsd: number
}

const [file = '', volume = ''] = process.argv.slice(2)
const { env } = process
const onWarning = (message: string): void => console.error(message)
const clusters = createClusterPool({ env, kubeConfigTrust: 'paths', onWarning })
const system = systemDependencies({ env, clusters, serverPath: () => volume })
const deps = { ...system, onWarning }
const adapter = createAdapter(spendingAgent, { ...deps, observer: processObserver(deps) })

async function run({ runId, agentId, taskId, wakeReason, config }: RunOrder): Promise<void> {
  const { ctx } = paperclipContext({
    runId,
    agentId,
    taskId,
    config,
    context: { wakeReason },
    adapterType: spendingAgent.type,
  })
  const { errorCode = null, usage, costUsd } = await adapter.execute(ctx)
  const receipt: RunReceipt = {
    runId,
    taskId,
    errorCode,
    inputTokens: usage?.inputTokens ?? 0,
    outputTokens: usage?.outputTokens ?? 0,
    costUsd: costUsd ?? 0,
  }
  appendFileSync(file, `${JSON.stringify(receipt)}\n`)
  process.send?.(receipt)
}

process.on('message', (order: RunOrder) => {
  run(order).catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
})
process.send?.('ready')
