import { randomUUID } from 'node:crypto'
import { createKubeClient } from '@agent-jobs/kube-api'
import { agentNamed } from '../agents/agents.ts'
import { CliError } from '../errors/cli-error.ts'
import { openDemoStage, type DemoOptions, type DemoStage } from '../demo/demo-stage.ts'
import { executeRun } from '../run/execute-run.ts'
import { rememberSignal } from '../run/exit-code.ts'
import type { SetExitCode } from '../set-exit-code.ts'
import { createScope, type Scope } from '../scope.ts'
import { createRunRequest } from '../run/run-request.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs demo`. */
export interface DemoFlags extends DemoOptions {
  agent: string
  prompt: string
  json?: boolean
  hold?: boolean
  ui?: boolean
}

/** Runs the real agent as a Job, on its own cluster unless one is named. */
export async function demo(options: DemoFlags, terminal: Terminal, setExitCode: SetExitCode): Promise<void> {
  refuseUnused(options)
  const agent = agentNamed(options.agent)
  // The page shows live objects, so they are kept.
  const hold = options.hold === true || options.ui === true
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
  const stage = await openDemoStage(agent, options, terminal.env, say)
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
    keep: hold,
  })
  if (options.ui) await openPage(stage, scope, say)
  setExitCode(
    await executeRun({
      kubeConfig,
      namespace,
      request,
      agent,
      model,
      terminal,
      began: Date.now(),
      output: json ? 'json' : 'transcript',
    }),
  )
  if (!hold || interrupted) return
  say('\nThe Job stays until Ctrl-C.')
  await signalled.promise
}

async function openPage(
  { kubeConfig, namespace }: DemoStage,
  scope: Scope,
  say: (line: string) => void,
): Promise<void> {
  const { startUi } = await import('../ui/start-ui.ts')
  const client = createKubeClient({ kubeConfig })
  scope.defer(() => client.close())
  const page = await startUi({ client, namespace, by: 'agent-jobs demo --ui', port: 0 })
  scope.defer(() => page[Symbol.asyncDispose]())
  say(`  page      ${page.url}\n`)
}

/** Rejects flags that have no effect or cannot work, before anything is started. */
function refuseUnused({ cluster, prompt, image, namespace, modelHost }: DemoOptions & { prompt: string }): void {
  if (prompt.trim() === '') throw new CliError('usage', 'The prompt is empty. Pass --prompt TEXT, or leave it out.')
  if (cluster === 'current') return
  const given = { '--image': image, '--namespace': namespace, '--model-host': modelHost }
  const unused = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (unused.length === 0) return
  throw new CliError('usage', `${unused.join(', ')}: for another cluster only. Add --cluster current, or leave it out.`)
}
