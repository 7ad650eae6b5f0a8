import { Command } from 'commander'
import { addParseCommand } from './parse-command.ts'
import type { Terminal } from './terminal.ts'

/** The whole command line, as data. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('agent-jobs')
    .description('Run coding agents as Kubernetes Jobs, follow them line by line, and know how they ended.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('Run with --help to see what there is.')
  addParseCommand(program, terminal)
  return program
}
