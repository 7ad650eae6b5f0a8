import { basename } from 'node:path'
import { Option, type Command } from 'commander'
import type { RunOptions } from '../actions/run.ts'
import { agentNames, readAgent } from '../agents/agent-names.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import { splitArguments } from '../input/dashes.ts'
import { collectEnv, collectText } from '../input/environment-option.ts'
import { defaultImage } from '../input/default-image.ts'
import {
  collectClaim,
  collectCopy,
  collectLabel,
  collectName,
  collectSelector,
  collectToleration,
  readAbsolutePath,
  readGitSource,
  readInteger,
  readObjectName,
  readPrompt,
  readImage,
  readSecondsSpan,
  readSpan,
  readText,
} from '../input/options.ts'
import { readCpu, readMemory } from '../input/quantities.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** `agent-jobs run`: one agent Job on a cluster, followed to its end. */
export function addRunCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program.command('run').description('Run an agent as one Job on a cluster and follow it to its end.'),
  )
    .addOption(
      new Option('--agent <name>', 'which agent: a name, or the path of a module that exports one')
        .choices(agentNames)
        .argParser(readAgent)
        .default('claude'),
    )
    .addOption(
      new Option('--image <name>', 'image with node, bash and the agent; AGENT_JOBS_IMAGE changes the default')
        .argParser(readImage)
        .default(defaultImage(terminal.env)),
    )
    .option('-p, --prompt <text>', 'task for the agent; the first argument does the same', readPrompt)
    .option('--prompt-file <file>', 'read the prompt from a file; - is standard input')
    .option('--resume <session>', 'continue a session; needs the same volume and folder as before (--pvc, --cwd)')
    .option('--output-schema <file>', 'JSON schema that the answer must match (Claude Code)')
    .option(
      '-e, --env <name[=value]>',
      "environment variable of the agent, kept in the run's Secret; without a value, yours is used (repeatable)",
      collectEnv,
    )
    .option(
      '--env-file <file>',
      'read variables from a file, one NAME=VALUE or NAME per line (repeatable)',
      collectText,
    )
    .option(
      '--git <url[@ref]>',
      'fetch one commit of a repository into the working directory; GIT_TOKEN or GITHUB_TOKEN logs in',
      readGitSource,
    )
    .option(
      '--copy-in <from[:to]>',
      'copy a local folder or file into the container, at most 480 KiB packed (repeatable)',
      collectCopy(() => '.'),
    )
    .option(
      '--copy-out <path[:to]>',
      'copy a path out of the container at the end, at most 24 MiB packed (repeatable)',
      collectCopy((from) => basename(from)),
    )
    .option('--artifact <path>', 'like --copy-out, into agent-jobs-artifacts/RUN-ID (repeatable)', collectText)
    .option('--pvc <name:path>', 'mount a PersistentVolumeClaim (repeatable)', collectClaim)
    .option('--cwd <path>', 'working directory in the container; created if missing', readAbsolutePath)
    .option('--key <key>', 'at most one run per key at a time (default: a new key)', readText)
    .option('--model <name>', 'model to use')
    .option('--cpu <quantity>', 'CPU request of the pod (default: 100m)', readCpu)
    .option('--memory <quantity>', 'memory request and limit of the pod (default: none)', readMemory)
    .option('--limit-cpu <quantity>', 'CPU limit of the pod (default: none)', readCpu)
    .option('--gpu <n>', 'number of NVIDIA GPUs', readInteger(1, 64))
    .option('--pull-secret <name>', 'Secret for the registry of the image (repeatable)', collectName)
    .option('--service-account <name>', "the pod's service account (default: the namespace's own)", readObjectName)
    .option('--node-selector <key=value>', 'run on nodes with this label (repeatable)', collectSelector)
    .option('--toleration <key[=value][:effect]>', 'also run on nodes with this taint (repeatable)', collectToleration)
    .option('--queue <name>', 'wait in this LocalQueue of Kueue', readObjectName)
    .option('--label <key=value>', 'label on Job and pod, for `ps -l` (repeatable)', collectLabel)
    .option('--template <file>', 'pod template (YAML) that is merged into the pod, for fields that have no option')
    .option('--timeout <span>', 'time limit of the agent, such as 90s or 2h', readSpan)
    .addOption(
      new Option('--start-timeout <span>', 'time limit of the start, image pull included')
        .argParser(readSecondsSpan)
        .default(120_000, '2m'),
    )
    .option('--keep', 'leave Job and pod in place for an hour after the end')
    .option('-d, --detach', 'submit the run, print the name of its Job and exit')
    .addOption(
      new Option(
        '--dry-run',
        'print Job and Secret as YAML, without the values of the Secret, and create nothing',
      ).conflicts(['detach', 'json', 'quiet', 'output']),
    )
    .addOption(
      new Option('-q, --quiet', "print the agent's answer and nothing else").conflicts(['output', 'json', 'detach']),
    )
    .addOption(
      new Option('-o, --output <format>', 'text is the same as -q, json as --json')
        .choices(['text', 'json'])
        .conflicts(['json', 'detach']),
    )
    .option('--json', 'print one JSON object on standard output')
    .argument('[args...]', "the prompt, in quotes; after --, more arguments for the agent's command line")
    .addHelpText(
      'after',
      `
Ctrl-C cancels the run. A second Ctrl-C, or a SIGTERM, ends only this command.

Examples:
  agent-jobs run -n agents -e ANTHROPIC_API_KEY 'Say hello'
  agent-jobs run -q --env-file .env --git https://github.com/me/repo@main 'Summarise this repository'
  agent-jobs run --env-file .env --copy-in . --copy-out report.md 'Review this folder and write report.md'
  agent-jobs run -e ANTHROPIC_API_KEY --pvc repo:/work --cwd /work 'Fix the tests' -- --max-turns 20`,
    )
    .action(async (extra: string[], options: RunOptions, command: Command) => {
      const words = splitArguments(command.parent?.args ?? [], extra)
      const { run } = await import('../actions/run.ts')
      setExitCode(await run(words, options, terminal))
    })
}
