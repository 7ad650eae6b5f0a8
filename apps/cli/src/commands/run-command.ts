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
      new Option('--image <name>', 'image that holds node, bash and the agent; AGENT_JOBS_IMAGE sets another default')
        .argParser(readImage)
        .default(defaultImage(terminal.env)),
    )
    .option('-p, --prompt <text>', 'task for the agent; the first argument does the same', readPrompt)
    .option('--prompt-file <file>', 'read the prompt from a file, or - from standard input')
    .option(
      '--resume <session>',
      'continue a session; the volume or folder that holds it must be the same (--pvc, --cwd)',
    )
    .option('--output-schema <file>', 'JSON schema that the answer must match (Claude Code)')
    .option(
      '-e, --env <name[=value]>',
      "environment of the agent, kept in the run's Secret; a name alone takes the value from here (repeatable)",
      collectEnv,
    )
    .option('--env-file <file>', 'the same from a file, a NAME=VALUE or NAME a line (repeatable)', collectText)
    .option(
      '--git <url[@ref]>',
      'fetch one commit of a repository into the working directory; GIT_TOKEN or GITHUB_TOKEN logs in',
      readGitSource,
    )
    .option(
      '--copy-in <from[:to]>',
      'unpack a folder or file of yours in the container, up to 480 KiB packed (repeatable)',
      collectCopy(() => '.'),
    )
    .option(
      '--copy-out <path[:to]>',
      'copy a path out of the container after the end, up to 24 MiB packed (repeatable)',
      collectCopy((from) => basename(from)),
    )
    .option('--artifact <path>', 'the same into agent-jobs-artifacts/RUN-ID (repeatable)', collectText)
    .option('--pvc <name:path>', 'mount a PersistentVolumeClaim (repeatable)', collectClaim)
    .option('--cwd <path>', 'working directory in the container; made when it is missing', readAbsolutePath)
    .option('--key <key>', 'at most one run per key at a time (default: a key of its own)', readText)
    .option('--model <name>', 'model to ask for')
    .option('--cpu <quantity>', 'processor that the pod asks for (default: 100m)', readCpu)
    .option('--memory <quantity>', 'memory that the pod asks for, and its limit (default: none)', readMemory)
    .option('--limit-cpu <quantity>', 'processor that the pod may use at most (default: no limit)', readCpu)
    .option('--gpu <n>', 'NVIDIA GPUs', readInteger(1, 64))
    .option('--pull-secret <name>', 'Secret for the registry of the image (repeatable)', collectName)
    .option('--service-account <name>', "the pod's service account (default: the namespace's own)", readObjectName)
    .option('--node-selector <key=value>', 'run on nodes with this label (repeatable)', collectSelector)
    .option('--toleration <key[=value][:effect]>', 'run on nodes with this taint, too (repeatable)', collectToleration)
    .option('--queue <name>', "wait in this LocalQueue of Kueue's", readObjectName)
    .option('--label <key=value>', 'label on Job and pod, for `ps -l` (repeatable)', collectLabel)
    .option('--template <file>', 'pod template (YAML) that is laid over the pod, for everything without an option')
    .option('--timeout <span>', 'longest time the agent may take, such as 90s or 2h', readSpan)
    .addOption(
      new Option('--start-timeout <span>', 'longest time until the agent has started, image pull included')
        .argParser(readSecondsSpan)
        .default(120_000, '2m'),
    )
    .option('--keep', 'leave Job and pod in place for an hour after the end')
    .option('-d, --detach', "submit the run, print its Job's name and leave it alone")
    .addOption(
      new Option(
        '--dry-run',
        'print Job and Secret as YAML, without what the Secret holds, and make nothing',
      ).conflicts(['detach', 'json', 'quiet', 'output']),
    )
    .addOption(
      new Option('-q, --quiet', "print the agent's answer and nothing else").conflicts(['output', 'json', 'detach']),
    )
    .addOption(
      new Option('-o, --output <format>', 'text is -q, json is --json')
        .choices(['text', 'json'])
        .conflicts(['json', 'detach']),
    )
    .option('--json', 'print one JSON object on standard output')
    .argument('[args...]', "the prompt in quotes; after --, further arguments of the agent's command line")
    .addHelpText(
      'after',
      `
Ctrl-C cancels the run; pressed again, it leaves the run alone. A SIGTERM leaves it alone at once.

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
