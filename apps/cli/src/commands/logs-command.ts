import { Option, type Command } from 'commander'
import type { LogsOptions } from '../actions/logs.ts'
import { agentNames, readAgent } from '../agents/agent-names.ts'
import { addClusterOptions, optionalJobArgument } from '../cluster/cluster-flags.ts'
import { readInteger, readSpan } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** `agent-jobs logs`: shows what a run printed; nothing in the cluster changes. */
export function addLogsCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('logs')
      .description(
        "Show a run's transcript: what it has printed so far, or all of it and how it ended. Changes nothing.",
      )
      .addArgument(optionalJobArgument()),
  )
    .option('-f, --follow', 'follow until the run has ended; Ctrl-C does not stop the run')
    .option('--tail <n>', 'only the last lines', readInteger(0, 1_000_000))
    .option('--since <span>', 'only lines newer than this, such as 90s or 2h', readSpan)
    .option('--timestamps', 'print the time before each line')
    .option(
      '--previous',
      'the run before this one with the same key (a pod never restarts, so it has no earlier container)',
    )
    .addOption(
      new Option('--agent <name>', 'agent whose output it is (default: from the labels of the Job)')
        .choices(agentNames)
        .argParser(readAgent),
    )
    .addOption(
      new Option(
        '--raw',
        "the agent's own lines as they are, credentials included: stdout on stdout, stderr on stderr",
      ).conflicts('json'),
    )
    .option('--json', 'wait for the end and print one JSON object on standard output, as `run --json` does')
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs logs                        # the newest run of the namespace
  agent-jobs logs -f job/claude-4f1c0a97d2e8
  agent-jobs logs --tail 50 --timestamps
  agent-jobs logs --raw | jq -c 'select(.type == "result")'`,
    )
    .action(async (job: string | undefined, options: LogsOptions) => {
      const { logs } = await import('../actions/logs.ts')
      setExitCode(await logs(job, options, terminal))
    })
}
