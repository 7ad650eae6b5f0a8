import { randomUUID } from 'node:crypto'
import { Option, type Command } from 'commander'
import { agentNamed, agentNames } from '../agents/agents.ts'
import { CliError } from '../cli-error.ts'
import { openDemoStage, type DemoOptions } from '../demo/demo-stage.ts'
import { executeRun } from '../run/execute-run.ts'
import { rememberSignal } from '../run/exit-code.ts'
import { readLabel } from '../input/options.ts'
import type { SetExitCode } from '../program.ts'
import { createScope } from '../scope.ts'
import { createRunRequest } from '../run/run-request.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

const defaultPrompt = 'Look around this workspace with `ls -A && cat README.md` and tell me what you find.'

/** `agent-jobs demo`: the real agent as a Job, on a cluster of its own, against a scripted model. */
export function addDemoCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('demo')
    .description('Run the real agent as a Job on an embedded cluster, against a scripted model: no key, no network.')
    .addOption(new Option('--agent <name>', 'which agent').choices(agentNames).default('claude'))
    .option(
      '-p, --prompt <text>',
      'what the agent is to do; the scripted model runs what stands in backticks',
      defaultPrompt,
    )
    .addOption(new Option('--cluster <which>', 'where it runs').choices(['embedded', 'current']).default('embedded'))
    .option('--image <name>', 'with --cluster current: image that holds node and the agent')
    .option('-n, --namespace <name>', 'with --cluster current: namespace of the Job', readLabel)
    .addOption(
      new Option('--model-host <address>', "with --cluster current: this machine's address as pods reach it").conflicts(
        'live',
      ),
    )
    .option('--live', 'use the real API by the variables of this environment, such as ANTHROPIC_API_KEY')
    .option('--hold', 'when the run is over, keep cluster, Job and pod until Ctrl-C')
    .option('--json', 'print one JSON object on standard output')
    .action(async (options: DemoOptions & { agent: string; prompt: string; json?: boolean; hold?: boolean }) => {
      refuseUnused(options)
      const agent = agentNamed(options.agent)
      const json = options.json ?? false
      const style = createStyle(json ? terminal.colours.err : terminal.colours.out)
      const say = (line: string): void => (json ? terminal.err : terminal.out)(`${line}\n`)
      // From here on there is something to clean up, so no signal may simply end the process.
      let interrupted = false
      const signalled = Promise.withResolvers<void>()
      const signals = rememberSignal(terminal.onSignal)
      const stopListening = signals.onSignal(() => {
        interrupted = true
        signalled.resolve()
      })
      await using scope = createScope()
      scope.defer(stopListening)
      const stage = await openDemoStage(agent, options, terminal.env)
      scope.defer(() => stage[Symbol.asyncDispose]())
      for (const [name, text] of stage.introduction) say(`  ${style.dim(name.padEnd(9))} ${text}`)
      say('')
      if (interrupted) return setExitCode(signals.exitCode() ?? 1)
      const { image, cwd, env, secretEnv, model, namespace, kubeConfig } = stage
      const request = createRunRequest({
        agent,
        image,
        cwd,
        env,
        secretEnv,
        model,
        runId: randomUUID(),
        prompt: options.prompt,
        keep: options.hold ?? false,
      })
      setExitCode(await executeRun({ kubeConfig, namespace, request, agent, model, terminal, began: Date.now(), json }))
      if (!options.hold || interrupted) return
      say('\nThe Job stays until Ctrl-C.')
      await signalled.promise
    })
}

/** What would have no effect is refused, and what cannot work is, before anything is started. */
function refuseUnused({ cluster, prompt, image, namespace, modelHost }: DemoOptions & { prompt: string }): void {
  if (prompt.trim() === '') throw new CliError('usage', 'The prompt is empty. Pass --prompt TEXT, or leave it out.')
  if (cluster === 'current') return
  const given = { '--image': image, '--namespace': namespace, '--model-host': modelHost }
  const unused = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (unused.length === 0) return
  throw new CliError('usage', `${unused.join(', ')}: for another cluster only. Add --cluster current, or leave it out.`)
}
