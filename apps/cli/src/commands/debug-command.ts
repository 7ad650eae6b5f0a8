import type { Command } from 'commander'
import { addClusterOptions, optionalJobArgument } from '../cluster/cluster-flags.ts'
import type { DebugOptions } from '../actions/debug.ts'
import { readInteger } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs debug`: a support bundle of one run. */
export function addDebugCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(
    program
      .command('debug')
      .description(
        'Write a support bundle of one run, without credentials: objects, Events, timeline, versions, settings.',
      )
      .addArgument(optionalJobArgument()),
  )
    .option('-o, --output <path>', 'a new folder, or a file that ends with .tar.gz (default: agent-jobs-JOB.tar.gz)')
    .option('--lines <n>', 'include this many of the last lines of output (default: none)', readInteger(1, 10_000))
    .option('--json', 'print one JSON object: path, files, problems')
    .action(async (job: string | undefined, options: DebugOptions) => {
      const { debug } = await import('../actions/debug.ts')
      await debug(job, options, terminal)
    })
}
