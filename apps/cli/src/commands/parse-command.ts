import { Argument, Option, type Command } from 'commander'
import type { ParseOptions } from '../actions/parse.ts'
import { agentNames, readAgent } from '../agents/agent-names.ts'
import { readInteger } from '../input/options.ts'
import { readSignal } from '../input/read-signal.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** `agent-jobs parse`: what a recorded stream says of its run. */
export function addParseCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('parse')
    .description('Summarise the recorded output of an agent. Exits with 1 if the run failed.')
    .addArgument(
      new Argument('<agent>', 'which agent wrote it: a name, or the path of a module')
        .choices(agentNames)
        .argParser(readAgent),
    )
    .argument('<file>', 'the recording, plain or gzip, or the log of its pod; - for standard input')
    .option('--exit-code <n>', 'exit code of the process, if known', readInteger(0, 255))
    .option('--signal <name>', 'the signal that ended it, such as SIGTERM', readSignal)
    .option('--stderr <file>', 'what it wrote to standard error')
    .addOption(new Option('--transcript', 'print the whole transcript, as `logs` does').conflicts('json'))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs parse claude run.jsonl.gz --json
  agent-jobs parse opencode journal/RUN-ID --transcript     # the journal of a run whose Job is gone`,
    )
    .action(async (agent: string, file: string, options: ParseOptions) => {
      const { parse } = await import('../actions/parse.ts')
      setExitCode(await parse(agent, file, options, terminal))
    })
}
