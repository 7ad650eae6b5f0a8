import { Command } from 'commander'
import { addCancelCommand } from './commands/cancel-command.ts'
import { addCompletionCommand } from './commands/completion-command.ts'
import { addDebugCommand } from './commands/debug-command.ts'
import { addDemoCommand } from './commands/demo-command.ts'
import { addDescribeCommand } from './commands/describe-command.ts'
import { addDoctorCommand } from './commands/doctor-command.ts'
import { addExecCommands } from './commands/exec-command.ts'
import { addExplainCommand } from './commands/explain-command.ts'
import { addFaultsCommand } from './commands/faults-command.ts'
import { addHelpTopics } from './commands/help-topics.ts'
import { addLogsCommand } from './commands/logs-command.ts'
import { addManifestsCommand } from './commands/manifests-command.ts'
import { addMetricsCommand } from './commands/metrics-command.ts'
import { addMiniKubeCommand } from './commands/mini-kube-command.ts'
import { addParseCommand } from './commands/parse-command.ts'
import { addPsCommand } from './commands/ps-command.ts'
import { addRbacCommand } from './commands/rbac-command.ts'
import { addReapCommand } from './commands/reap-command.ts'
import { addRunCommand } from './commands/run-command.ts'
import { addTopCommand } from './commands/top-command.ts'
import { addUiCommand } from './commands/ui-command.ts'
import { addWaitCommand } from './commands/wait-command.ts'
import { readText } from './input/options.ts'
import type { Terminal } from './output/terminal.ts'
import type { SetExitCode } from './set-exit-code.ts'
import { ownVersion } from './version.ts'

/** The whole command line, as data. */
export function createProgram(terminal: Terminal, setExitCode: SetExitCode): Command {
  const program = new Command('agent-jobs')
    .description('Run coding agents as Kubernetes Jobs, follow them line by line, and know how they ended.')
    .option('--no-color', 'no colours; a non-empty NO_COLOR does the same')
    .version(ownVersion(), '-V, --version', 'print the version')
    .usage('COMMAND [options]')
    .addHelpText('after', closing)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('`agent-jobs --help` shows what there is.')
  program.commandsGroup('To try it without a cluster:')
  addDemoCommand(program, terminal, setExitCode)
  addMiniKubeCommand(program, terminal)
  addFaultsCommand(program, terminal)
  program.commandsGroup('Runs:')
  addRunCommand(program, terminal, setExitCode)
  addPsCommand(program, terminal)
  addDescribeCommand(program, terminal)
  addDebugCommand(program, terminal)
  addLogsCommand(program, terminal, setExitCode)
  addUiCommand(program, terminal)
  addWaitCommand(program, terminal, setExitCode)
  addTopCommand(program, terminal)
  addMetricsCommand(program, terminal)
  addExecCommands(program, terminal, setExitCode)
  addCancelCommand(program, terminal, setExitCode)
  addReapCommand(program, terminal, setExitCode)
  addParseCommand(program, terminal, setExitCode)
  program.commandsGroup('For a Paperclip server:')
  addDoctorCommand(program, terminal, setExitCode)
  addManifestsCommand(program, terminal)
  addRbacCommand(program, terminal)
  program.commandsGroup('More:')
  addExplainCommand(program, terminal)
  addCompletionCommand(program, terminal)
  addHelpTopics(program, terminal)
  pointToHelp(program, 'agent-jobs')
  refuseEmptyValues(program)
  return program
}

const closing = `
Exit codes: 0 success, 1 failure, 2 wrong usage (nothing was created), 130 and 143 ended by a signal.
\`agent-jobs COMMAND --help\` shows options and examples. \`agent-jobs help environment\` and \`help exit-codes\` say more.`

/** An option that takes a text refuses an empty one, such as `--context "$UNSET"`, unless it has a reader of its own. */
function refuseEmptyValues(command: Command): void {
  for (const option of command.options) {
    if (option.required && option.parseArg === undefined) option.argParser(readText)
  }
  command.commands.forEach(refuseEmptyValues)
}

/** Each usage error points to the help of the nearest command. */
function pointToHelp(command: Command, path: string): void {
  for (const child of command.commands) {
    child.showHelpAfterError(`\`${path} ${child.name()} --help\` shows what there is.`)
    pointToHelp(child, `${path} ${child.name()}`)
  }
}
