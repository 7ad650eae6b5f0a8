import { Option, type Command } from 'commander'
import type { RunOptions } from '../actions/run.ts'
import { agentNames } from '../agents/agent-names.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import { refuseStray } from '../input/dashes.ts'
import { collectEnv, collectText } from '../input/environment-option.ts'
import { defaultImage } from '../input/default-image.ts'
import { collectClaim, readAbsolutePath, readQuantity, readSpan } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../program.ts'

/** `agent-jobs run`: one agent Job on a cluster, followed to its end. */
export function addRunCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program.command('run').description('Run an agent as one Job on a cluster and follow it to its end.'),
  )
    .addOption(new Option('--agent <name>', 'which agent').choices(agentNames).default('claude'))
    .addOption(
      new Option(
        '--image <name>',
        'image that holds node, bash and the agent; AGENT_JOBS_IMAGE sets another default',
      ).default(defaultImage(terminal.env)),
    )
    .addOption(new Option('-p, --prompt <text>', 'what the agent is to do').conflicts('promptFile'))
    .option('--prompt-file <file>', 'the same from a file, or - for standard input')
    .option(
      '-e, --env <name[=value]>',
      "environment of the agent, kept in the run's Secret; a name alone takes the value from here (repeatable)",
      collectEnv,
    )
    .option('--env-file <file>', 'the same from a file, a NAME=VALUE or NAME a line (repeatable)', collectText)
    .option('--pvc <name:path>', 'mount a PersistentVolumeClaim (repeatable)', collectClaim)
    .option('--cwd <path>', 'working directory in the container; made when it is missing', readAbsolutePath)
    .option('--key <key>', 'at most one run per key at a time (default: a key of its own)')
    .option('--model <name>', 'model to ask for')
    .option('--cpu <quantity>', 'processor that the pod asks for (default: 100m)', readQuantity)
    .option('--memory <quantity>', 'memory that the pod asks for, and its limit (default: none)', readQuantity)
    .option('--timeout <span>', 'longest time the agent may take, such as 90s or 2h', readSpan)
    .addOption(
      new Option('--start-timeout <span>', 'longest time until the agent has started, image pull included')
        .argParser(readSpan)
        .default(120_000, '2m'),
    )
    .option('--keep', 'leave Job and pod in place for an hour after the end')
    .option('-d, --detach', "submit the run, print its Job's name and leave it alone")
    .addOption(
      new Option(
        '--dry-run',
        'print Job and Secret as YAML, without what the Secret holds, and make nothing',
      ).conflicts(['detach', 'json']),
    )
    .option('--json', 'print one JSON object on standard output')
    .argument('[args...]', "further arguments of the agent's command line, after --")
    .addHelpText(
      'after',
      `
Ctrl-C cancels the run; pressed again, it leaves the run alone. A SIGTERM leaves it alone at once.

Examples:
  agent-jobs run -n agents -p 'Say hello' -e ANTHROPIC_API_KEY
  agent-jobs run -n agents --prompt-file task.md --env-file .env --json
  agent-jobs run -n agents -p 'Fix the tests' --pvc repo:/work --cwd /work -- --max-turns 20`,
    )
    .action(async (extra: string[], options: RunOptions, command: Command) => {
      refuseStray(command.parent?.args ?? [], extra)
      const { run } = await import('../actions/run.ts')
      setExitCode(await run(extra, options, terminal))
    })
}
