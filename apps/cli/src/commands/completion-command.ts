import { Argument, type Command } from 'commander'
import { bashCompletion, fishCompletion, zshCompletion, type CompletionWords } from './completion-script.ts'
import type { Terminal } from '../output/terminal.ts'

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

/** `agent-jobs completion`: scripts that complete commands, options and their choices in a shell. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description(
      'Print a script for your shell that completes commands, options, and names of Jobs, namespaces and contexts.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      `
Examples:
  source <(agent-jobs completion bash)                                    # in ~/.bashrc
  source <(agent-jobs completion zsh)                                     # in ~/.zshrc, after compinit
  agent-jobs completion fish > ~/.config/fish/completions/agent-jobs.fish`,
    )
    .action((shell: keyof typeof scripts) => terminal.out(scripts[shell](completionWords(program))))
}

/** Everything that may be completed, by the path of the command: what follows `agent-jobs`, then `agent-jobs run`, … */
export function completionWords(program: Command, path = ''): CompletionWords[] {
  const { commands, options, registeredArguments } = program
  const choices = options.flatMap(({ long, argChoices }) =>
    long && argChoices ? [{ option: long, words: argChoices }] : [],
  )
  const own: CompletionWords = {
    path,
    words: [
      ...commands.map((command) => command.name()),
      ...registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
      ...options.flatMap(({ long }) => (long ? [long] : [])),
      '--help',
    ],
    choices,
    takesJob: registeredArguments.some((argument) => argument.name() === 'job'),
    takesFile: registeredArguments.some((argument) => argument.name() === 'file'),
  }
  return [own, ...commands.flatMap((command) => completionWords(command, `${path} ${command.name()}`.trim()))]
}
