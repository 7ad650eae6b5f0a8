import { createKubeClient, isNotFound, type KubeClient } from '@agent-jobs/kube-api'
import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { addKubeConfigOptions, shownServer } from '../cluster/cluster-options.ts'
import { loadKubeConfig } from '../cluster/kube-config.ts'
import type { Terminal } from '../output/terminal.ts'

interface KubeOptions {
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

/** `agent-jobs faults`: disturbs a running mini-kube, as its README lists. */
export function addFaultsCommand(program: Command, terminal: Terminal): void {
  const faults = program
    .command('faults')
    .description('Disturb a running mini-kube: latency, cuts, evictions, a lost node …')

  const print = (items: readonly FaultInForce[], { json }: KubeOptions): void => {
    for (const { id, fault, hits } of items) {
      const line = `${id}  ${hits} ${hits === 1 ? 'hit' : 'hits'}  ${JSON.stringify(fault)}`
      terminal.out(`${json ? JSON.stringify({ id, hits, fault }) : line}\n`)
    }
  }
  async function using<T>(
    { json: _json, ...options }: KubeOptions,
    call: (client: KubeClient) => Promise<T>,
  ): Promise<T> {
    const client = createKubeClient({ kubeConfig: loadKubeConfig({ ...options, env: terminal.env }) })
    try {
      return await call(client)
    } catch (cause) {
      if (!isNotFound(cause)) throw cause
      throw new CliError(
        'not_mini_kube',
        `${shownServer(client.server)} is no mini-kube. Start one with \`agent-jobs mini-kube\` and pass the kubeconfig that it prints.`,
        {
          cause,
        },
      )
    } finally {
      await client.close()
    }
  }
  const command = (name: string, description: string): Command =>
    addKubeConfigOptions(faults.command(name).description(description)).option('--json', 'print one JSON object a line')

  command('add', 'Inject a fault, as JSON: {"kind":"error","status":429,"times":3}')
    .argument('<json>', 'the fault')
    .action(async (text: string, options: KubeOptions) => {
      const fault = readFault(text)
      print(
        [await using(options, (client) => client.request<FaultInForce>({ method: 'POST', path, body: fault }))],
        options,
      )
    })
  command('list', 'Show the faults in force and how often each has struck.').action(async (options: KubeOptions) => {
    const all = await using(options, (client) => client.request<{ items: FaultInForce[] }>({ method: 'GET', path }))
    print(all.items, options)
    if (all.items.length === 0 && !options.json) terminal.err('There are no faults in force.\n')
  })
  command('remove', 'End a fault, or all of them.')
    .argument('[id]', 'which one; all without it')
    .action(async (id: string | undefined, options: KubeOptions) => {
      const left = await using(options, async (client) => {
        const target = id === undefined ? path : `${path}/${encodeURIComponent(id)}`
        const { items } = await client.request<{ items: FaultInForce[] }>({ method: 'GET', path })
        if (id !== undefined && !items.some((fault) => fault.id === id)) {
          throw new CliError('usage', `There is no fault ${id}. \`agent-jobs faults list\` shows those in force.`)
        }
        return client.request<{ items: FaultInForce[] }>({ method: 'DELETE', path: target })
      })
      print(left.items, options)
    })
}

function readFault(text: string): Record<string, unknown> {
  let fault: unknown
  try {
    fault = JSON.parse(text)
  } catch (cause) {
    throw new CliError(
      'usage',
      `The fault is no JSON: ${cause instanceof Error ? cause.message : String(cause)}. Write for example '{"kind":"latency","ms":200}'.`,
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
