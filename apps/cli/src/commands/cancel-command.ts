import { userInfo } from 'node:os'
import { Argument, type Command } from 'commander'
import type { CancelOptions } from '../actions/cancel.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import { readObjectName, readSpan } from '../input/options.ts'
import type { SetExitCode } from '../program.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs cancel`: stops runs in order, and says what became of each. */
export function addCancelCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('cancel')
      .description('Stop runs: SIGTERM to the agent, a grace, SIGKILL. Whoever follows one is told who cancelled.')
      .addArgument(
        new Argument('<job...>', 'names of the Jobs, as `agent-jobs ps` shows them').argParser(
          (name: string, earlier: string[] = []) => [...earlier, readObjectName(name)],
        ),
      ),
  )
    .option('--by <name>', "who cancels; stands in the run's outcome", `${userInfo().username} (agent-jobs cancel)`)
    .option('--grace <span>', "from SIGTERM to SIGKILL (default: the pod's own)", readSpan)
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs cancel claude-4f1c0a97d2e8 --grace 5s
  agent-jobs ps --json | jq -r 'select(.state == "active").job' | xargs agent-jobs cancel`,
    )
    .action(async (jobs: string[], options: CancelOptions) => {
      const { cancel } = await import('../actions/cancel.ts')
      setExitCode(await cancel(jobs, options, terminal))
    })
}
