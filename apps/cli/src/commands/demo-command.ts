import { Option, type Command } from 'commander'
import type { DemoFlags } from '../actions/demo.ts'
import { agentNames } from '../agents/agent-names.ts'
import { readImage, readLabel, readPrompt } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

const defaultPrompt = 'Look around this workspace with `ls -A && cat README.md` and tell me what you find.'

/** `agent-jobs demo`: the real agent as a Job, on a cluster of its own, against a scripted model. */
export function addDemoCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('demo')
    .description('Run the real agent as a Job on an embedded cluster, against a scripted model: no key, no network.')
    .addOption(new Option('--agent <name>', 'which agent').choices(agentNames).default('claude'))
    .option(
      '-p, --prompt <text>',
      'task for the agent; the scripted model runs the text in backticks',
      readPrompt,
      defaultPrompt,
    )
    .addOption(new Option('--cluster <which>', 'where it runs').choices(['embedded', 'current']).default('embedded'))
    .option('--image <name>', 'with --cluster current: image with node and the agent', readImage)
    .option('-n, --namespace <name>', 'with --cluster current: namespace of the Job', readLabel)
    .addOption(
      new Option('--model-host <address>', "with --cluster current: this machine's address as pods reach it").conflicts(
        'live',
      ),
    )
    .option('--live', 'use the real API with the credentials in this environment, such as ANTHROPIC_API_KEY')
    .option('--hold', 'after the run, keep cluster, Job and pod until Ctrl-C')
    .option('--ui', 'also show it in a browser, as `agent-jobs ui` does, until Ctrl-C')
    .option('--json', 'print one JSON object on standard output')
    .action(async (options: DemoFlags) => {
      const { demo } = await import('../actions/demo.ts')
      await demo(options, terminal, setExitCode)
    })
}
