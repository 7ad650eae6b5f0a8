import { Option, type Command } from 'commander'
import { agentNames } from '../agents/agent-names.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import type { DoctorOptions } from '../doctor/doctor-options.ts'
import { collectEnv, collectText } from '../input/environment-option.ts'
import { readImage, readObjectName } from '../input/options.ts'
import { CliError } from '../errors/cli-error.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** `agent-jobs doctor`: checks whether runs can work in a namespace, for `run` or for a Paperclip server. */
export function addDoctorCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('doctor')
      .description(
        'Check whether agents can run in a namespace (server, permissions, quotas, admission, image) and say how to fix problems.',
      ),
  )
    .addOption(new Option('--agent <name>', 'which agent').choices(agentNames).default('claude'))
    .option('--image <name>', 'image to test in a short-lived pod', readImage)
    .option('--as <user>', 'check the permissions of another user, as `kubectl --as` names them')
    .option('--service-account <name>', "the pods' service account", readObjectName)
    .option('--fix', 'create a missing namespace or service account; nothing else is changed')
    .option('--run', 'then run the agent once with a short prompt; pass its key with --env')
    .option('-e, --env <name[=value]>', 'with --run: environment of the agent, as in `run` (repeatable)', collectEnv)
    .option('--env-file <file>', 'with --run: the same from a file (repeatable)', collectText)
    .option('--model <name>', 'with --run: model to use')
    .option('--paperclip', 'check for a Paperclip server with the adapters instead of for `agent-jobs run`')
    .option('--config <file>', "an agent's configuration in Paperclip, as JSON; implies --paperclip")
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs doctor -n agents --image registry.example/agent:1
  agent-jobs doctor -n agents --as system:serviceaccount:ci:deployer
  agent-jobs doctor -n agents --run -e ANTHROPIC_API_KEY
  agent-jobs doctor -n paperclip --paperclip --config agent.json`,
    )
    .action(async (options: DoctorOptions) => {
      const forPaperclip = options.paperclip === true || options.config !== undefined
      refuseUnused(options, forPaperclip)
      const code = forPaperclip
        ? await (await import('../doctor/paperclip-doctor.ts')).paperclipDoctor(options, terminal)
        : await (await import('../doctor/run-doctor.ts')).runDoctor(options, terminal)
      setExitCode(code)
    })
}

/** Refuses options that would have no effect. */
function refuseUnused(options: DoctorOptions, forPaperclip: boolean): void {
  const { as, serviceAccount, fix, run, env, envFile, model } = options
  const given = (flags: Readonly<Record<string, unknown>>): string[] =>
    Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  const ofRuns = given({ '--as': as, '--service-account': serviceAccount, '--fix': fix, '--run': run })
  if (forPaperclip && ofRuns.length > 0) {
    throw new CliError(
      'usage',
      `${ofRuns.join(', ')}: only for \`agent-jobs run\`, not for a Paperclip server. Leave out --paperclip and --config.`,
    )
  }
  const ofTrial = given({ '--env': env, '--env-file': envFile, '--model': model })
  if (run !== true && ofTrial.length > 0) {
    throw new CliError('usage', `${ofTrial.join(', ')}: only for a real run. Add --run.`)
  }
}
