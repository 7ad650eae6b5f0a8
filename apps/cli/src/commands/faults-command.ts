import type { Command } from 'commander'
import type { FaultsOptions } from '../actions/faults.ts'
import { addKubeConfigOptions } from '../cluster/cluster-flags.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs faults`: disturbs a running mini-kube, as its README lists. */
export function addFaultsCommand(program: Command, terminal: Terminal): void {
  const faults = program
    .command('faults')
    .description('Disturb a running mini-kube: latency, cuts, evictions, a lost node …')
  const command = (name: string, description: string): Command =>
    addKubeConfigOptions(faults.command(name).description(description)).option(
      '--json',
      'print one JSON object per line',
    )
  const actions = () => import('../actions/faults.ts')

  command('add', 'Inject a fault, as JSON: {"kind":"error","status":429,"times":3}')
    .argument('<json>', 'the fault')
    .action(async (text: string, options: FaultsOptions) => (await actions()).addFault(text, options, terminal))
  command('list', 'Show the active faults and how often each was applied.').action(async (options: FaultsOptions) =>
    (await actions()).listFaults(options, terminal),
  )
  command('remove', 'End a fault, or all of them.')
    .argument('[id]', 'id of the fault (default: all faults)')
    .action(async (id: string | undefined, options: FaultsOptions) =>
      (await actions()).removeFault(id, options, terminal),
    )
}
