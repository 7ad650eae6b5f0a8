import { createKubeClient, isNotFound, type KubeClient } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import { shownServer } from '../cluster/resolve-cluster.ts'
import { loadKubeConfig } from '../cluster/kube-config.ts'
import { jsonLine } from '../output/safe-text.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs faults`. */
export interface FaultsOptions {
  json?: boolean
  kubeconfig?: string
  context?: string
}

interface FaultInForce {
  id: string
  fault: { kind: string }
  hits: number
}

const path = '/mini-kube/faults'

/** Injects the fault that a JSON text describes. */
export async function addFault(text: string, options: FaultsOptions, terminal: Terminal): Promise<void> {
  const fault = readFault(text)
  const added = await using(options, terminal, (client) =>
    client.request<FaultInForce>({ method: 'POST', path, body: fault }),
  )
  print([added], options, terminal)
}

/** Prints the active faults. */
export async function listFaults(options: FaultsOptions, terminal: Terminal): Promise<void> {
  const { items } = await using(options, terminal, readFaults)
  print(items, options, terminal)
  if (items.length === 0 && !options.json) terminal.err('No active faults.\n')
}

/** Ends one fault, or all without an id, and prints what is left. */
export async function removeFault(id: string | undefined, options: FaultsOptions, terminal: Terminal): Promise<void> {
  const left = await using(options, terminal, async (client) => {
    const target = id === undefined ? path : `${path}/${encodeURIComponent(id)}`
    const { items } = await readFaults(client)
    if (id !== undefined && !items.some((fault) => fault.id === id)) {
      throw new CliError('usage', `Fault ${id} not found. \`agent-jobs faults list\` shows the active ones.`)
    }
    return client.request<{ items: FaultInForce[] }>({ method: 'DELETE', path: target })
  })
  print(left.items, options, terminal)
}

const readFaults = (client: KubeClient): Promise<{ items: FaultInForce[] }> =>
  client.request<{ items: FaultInForce[] }>({ method: 'GET', path })

function print(items: readonly FaultInForce[], { json }: FaultsOptions, terminal: Terminal): void {
  for (const { id, fault, hits } of items) {
    const line = `${id}  ${hits} ${hits === 1 ? 'hit' : 'hits'}  ${jsonLine(fault)}`
    terminal.out(json ? jsonLine({ id, hits, fault }) : line)
  }
}

async function using<T>(
  { json: _json, ...options }: FaultsOptions,
  terminal: Terminal,
  call: (client: KubeClient) => Promise<T>,
): Promise<T> {
  const client = createKubeClient({ kubeConfig: loadKubeConfig({ ...options, env: terminal.env }) })
  try {
    return await call(client)
  } catch (cause) {
    if (!isNotFound(cause)) throw cause
    throw new CliError(
      'not_mini_kube',
      `${shownServer(client.server)} is not a mini-kube. Start one with \`agent-jobs mini-kube\` and pass the kubeconfig that it prints.`,
      { cause },
    )
  } finally {
    await client.close()
  }
}

function readFault(text: string): Record<string, unknown> {
  let fault: unknown
  try {
    fault = JSON.parse(text)
  } catch (cause) {
    throw new CliError(
      'usage',
      `The fault is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}. Write for example '{"kind":"latency","ms":200}'.`,
      {
        cause,
      },
    )
  }
  if (typeof fault !== 'object' || fault === null || Array.isArray(fault)) {
    throw new CliError('usage', 'The fault must be one JSON object, such as {"kind":"latency","ms":200}')
  }
  return { ...fault }
}
