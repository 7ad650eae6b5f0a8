import type { Command } from 'commander'
import type { PsOptions } from '../actions/ps.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs ps`: the runs of a namespace, newest first. */
export function addPsCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(program.command('ps').description('List the runs of a namespace, newest first.'))
    .option('-l, --selector <labels>', 'only Jobs with these labels, such as paperclip.io/agent-id=7')
    .option('--json', 'print one JSON object a line')
    .action(async (options: PsOptions) => {
      const { ps } = await import('../actions/ps.ts')
      await ps(options, terminal)
    })
}
