import { Option, type Command } from 'commander'
import type { LogsOptions } from '../actions/logs.ts'
import { agentNames } from '../agents/agent-names.ts'
import { addClusterOptions, jobArgument } from '../cluster/cluster-flags.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../program.ts'

/** `agent-jobs logs`: a run from its first line to its end, looked at from outside; nothing in the cluster changes. */
export function addLogsCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('logs')
      .description('Follow a run from its first line to its end. Only looks: Ctrl-C leaves the run alone.')
      .addArgument(jobArgument()),
  )
    .addOption(new Option('--agent <name>', 'how to read it (default: by the labels of the Job)').choices(agentNames))
    .addOption(
      new Option('--raw', "the agent's own lines as they are: stdout on stdout, stderr on stderr").conflicts('json'),
    )
    .option('--json', 'print one JSON object on standard output when the run is over, as `run --json` does')
    .action(async (job: string, options: LogsOptions) => {
      const { logs } = await import('../actions/logs.ts')
      setExitCode(await logs(job, options, terminal))
    })
}
