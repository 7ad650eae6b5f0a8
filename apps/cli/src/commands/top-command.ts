import type { Command } from 'commander'
import type { TopOptions } from '../actions/top.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs top`: shows the resource use of running runs. */
export function addTopCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(
    program.command('top').description('Show the CPU and memory that runs use (from metrics-server or the nodes).'),
  )
    .option('-A, --all-namespaces', 'runs of all namespaces')
    .option('--json', 'print one JSON object per line')
    .action(async (options: TopOptions) => {
      const { top } = await import('../actions/top.ts')
      await top(options, terminal)
    })
}
