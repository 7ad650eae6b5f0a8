import { Option, type Command } from 'commander'
import type { PsOptions } from '../actions/ps.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import { readSelector } from '../input/options.ts'
import { CliError } from '../errors/cli-error.ts'
import type { Terminal } from '../output/terminal.ts'
import { sortKeys } from '../runs/ps-row.ts'

/** `agent-jobs ps`: lists the runs of a namespace. */
export function addPsCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(
    program.command('ps').alias('ls').description('List runs: state, reason, duration and age, newest first.'),
  )
    .option('-A, --all-namespaces', 'runs of all namespaces')
    .option('-l, --selector <labels>', 'only Jobs with these labels, such as paperclip.io/agent-id=7', readSelector)
    .option('-w, --watch', 'update the list after each change, until Ctrl-C; with -o json, one object per line')
    .addOption(
      new Option(
        '-o, --output <format>',
        'wide adds cost, session, pod, node, image and key; json and yaml have everything',
      ).choices(['wide', 'json', 'yaml', 'name']),
    )
    .addOption(new Option('--sort-by <key>', 'order of the runs').choices([...sortKeys]).default('age'))
    .option('--no-headers', 'leave out the header line')
    .addOption(new Option('--json', 'the same as -o json: one JSON object per line').conflicts('output'))
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs ps -A -w
  agent-jobs ps -o wide --sort-by cost
  agent-jobs ps -o json | jq -r 'select(.state == "failed") | "\\(.job) \\(.reason)"'`,
    )
    .action(async ({ headers, ...options }: PsOptions & { headers: boolean }) => {
      if (options.watch && (options.output === 'yaml' || options.output === 'name')) {
        throw new CliError(
          'usage',
          `--watch shows a table or JSON, not ${options.output}. Pass -o wide or -o json, or neither.`,
        )
      }
      const { ps } = await import('../actions/ps.ts')
      await ps({ ...options, noHeaders: !headers }, terminal)
    })
}
