import type { Command } from 'commander'
import type { CancelOptions } from '../actions/cancel.ts'
import { addClusterOptions, jobsArgument } from '../cluster/cluster-flags.ts'
import { readSelector, readSpan } from '../input/options.ts'
import { userName } from '../input/user-name.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** `agent-jobs cancel`: stops runs in order, and reports how each ended. */
export function addCancelCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('cancel')
      .description(
        'Stop runs: SIGTERM to the agent, a grace period, SIGKILL. Everything that follows the run learns who cancelled it.',
      )
      .addArgument(jobsArgument('[job...]')),
  )
    .option('-l, --selector <labels>', 'every run of the namespace with these labels that has not ended', readSelector)
    .option('--all', 'every run of the namespace that has not ended')
    .option('--by <name>', "who cancels; recorded in the run's outcome", `${userName()} (agent-jobs cancel)`)
    .option('--grace <span>', "from SIGTERM to SIGKILL (default: the pod's own)", readSpan)
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs cancel claude-4f1c0a97d2e8 --grace 5s
  agent-jobs cancel -l paperclip.io/agent-id=7`,
    )
    .action(async (jobs: string[], options: CancelOptions) => {
      const { cancel } = await import('../actions/cancel.ts')
      setExitCode(await cancel(jobs, options, terminal))
    })
}
