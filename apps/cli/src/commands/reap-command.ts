import { Option, type Command } from 'commander'
import type { ReapOptions } from '../actions/reap.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import { readSpan, readUrl } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** `agent-jobs reap`: the Secrets that no live run refers to, and the claims of agents that are gone. */
export function addReapCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('reap')
      .description('List what old runs left behind: objects that no live Job or pod uses. --yes removes them.'),
  )
    .option('--yes', 'remove them (default: only list them)')
    .addOption(
      new Option('--older-than <span>', 'only what is older than this').argParser(readSpan).default(3_600_000, '1h'),
    )
    .option(
      '--paperclip <url>',
      'also the claims of agents that this Paperclip no longer has; PAPERCLIP_API_KEY must be allowed to see them all',
      readUrl,
    )
    .option('--json', 'print one JSON object')
    .action(async (options: ReapOptions) => {
      const { reap } = await import('../actions/reap.ts')
      await reap(options, terminal, setExitCode)
    })
}
