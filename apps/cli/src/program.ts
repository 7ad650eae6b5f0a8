import { Command } from 'commander'
import { addCancelCommand } from './cancel-command.ts'
import { addDemoCommand } from './demo-command.ts'
import { addDoctorCommand } from './doctor-command.ts'
import { addFaultsCommand } from './faults-command.ts'
import { addLogsCommand } from './logs-command.ts'
import { addMiniKubeCommand } from './mini-kube-command.ts'
import { addParseCommand } from './parse-command.ts'
import { addPsCommand } from './ps-command.ts'
import { addRbacCommand } from './rbac-command.ts'
import { addReapCommand } from './reap-command.ts'
import { addRunCommand } from './run-command.ts'
import type { Terminal } from './terminal.ts'

/** Says how the process is to end. */
export type SetExitCode = (code: number) => void

/** The whole command line, as data. */
export function createProgram(terminal: Terminal, setExitCode: SetExitCode): Command {
  const program = new Command('agent-jobs')
    .description('Run coding agents as Kubernetes Jobs, follow them line by line, and know how they ended.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('Run with --help to see what there is.')
  addDemoCommand(program, terminal, setExitCode)
  addRunCommand(program, terminal, setExitCode)
  addDoctorCommand(program, terminal, setExitCode)
  addRbacCommand(program, terminal)
  addPsCommand(program, terminal)
  addLogsCommand(program, terminal, setExitCode)
  addCancelCommand(program, terminal, setExitCode)
  addReapCommand(program, terminal, setExitCode)
  addParseCommand(program, terminal)
  addMiniKubeCommand(program, terminal)
  addFaultsCommand(program, terminal)
  return program
}
