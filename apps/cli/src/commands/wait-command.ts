import type { Command } from 'commander'
import type { WaitOptions } from '../actions/wait.ts'
import { addClusterOptions, jobsArgument } from '../cluster/cluster-flags.ts'
import { readSpan } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** `agent-jobs wait`: waits for runs to end. */
export function addWaitCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('wait')
      .description(
        'Wait until runs have ended. Exits with 0 if all succeeded, otherwise with the exit code of one that failed.',
      )
      .addArgument(jobsArgument('<job...>')),
  )
    .option('--timeout <span>', 'stop waiting after this time and exit with 124; the runs continue', readSpan)
    .option('--json', 'print one JSON object per run, as `run --json` does')
    .addHelpText(
      'after',
      `
Example:
  job=$(agent-jobs run -d 'Fix the tests') && agent-jobs wait "$job" --timeout 30m`,
    )
    .action(async (jobs: string[], options: WaitOptions) => {
      const { wait } = await import('../actions/wait.ts')
      setExitCode(await wait(jobs, options, terminal))
    })
}
