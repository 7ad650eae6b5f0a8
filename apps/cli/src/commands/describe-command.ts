import type { Command } from 'commander'
import { addClusterOptions, optionalJobArgument, type ClusterOptions } from '../cluster/cluster-flags.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs describe`: everything that is known about one run. */
export function addDescribeCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(
    program
      .command('describe')
      .description(
        'Show one run in full: why it waits, its timeline with Events, image, lock, usage, who cancelled it.',
      )
      .addArgument(optionalJobArgument()),
  )
    .option('--json', 'print one JSON object')
    .action(async (job: string | undefined, options: ClusterOptions & { json?: boolean }) => {
      const { describe } = await import('../actions/describe.ts')
      await describe(job, options, terminal)
    })
}
