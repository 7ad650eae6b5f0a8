import { Argument, type Command } from 'commander'
import { addClusterOptions, jobArgument, optionalJobArgument, type ClusterOptions } from '../cluster/cluster-flags.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../set-exit-code.ts'

const actions = () => import('../actions/exec.ts')

/** `agent-jobs exec`, `shell` and `cp`: into the pod of a run, by kubectl. */
export function addExecCommands(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('exec')
      .description('Run a command in the pod of a run in progress (uses kubectl).')
      .addArgument(jobArgument())
      .addArgument(new Argument('<command...>', 'command and arguments, after --')),
  )
    .addHelpText('after', '\nExample:\n  agent-jobs exec claude-4f1c0a97d2e8 -- git -C /work diff')
    .action(async (job: string, command: string[], options: ClusterOptions) =>
      setExitCode(await (await actions()).exec(job, command, options, terminal)),
    )
  addClusterOptions(
    program
      .command('shell')
      .description('Open a shell in the pod of a run in progress (uses kubectl).')
      .addArgument(optionalJobArgument()),
  ).action(async (job: string | undefined, options: ClusterOptions) =>
    setExitCode(await (await actions()).shell(job, options, terminal)),
  )
  addClusterOptions(
    program
      .command('cp')
      .description('Copy files out of, or into, the pod of a run in progress (uses kubectl; the image needs tar).')
      .addArgument(new Argument('<from>', 'a path, or JOB:PATH'))
      .addArgument(new Argument('<to>', 'a path, or JOB:PATH')),
  )
    .addHelpText('after', '\nExample:\n  agent-jobs cp claude-4f1c0a97d2e8:/work/report.md .')
    .action(async (from: string, to: string, options: ClusterOptions) =>
      setExitCode(await (await actions()).copy(from, to, options, terminal)),
    )
}
