import type { Command } from 'commander'
import { explanationGroups } from '../src/errors/explanations.ts'

/** `docs/errors.md`: every code with what it means and what to do. */
export function errorsPage(): string {
  const groups = explanationGroups.map(([title, codes]) => {
    const entries = Object.entries(codes).map(([code, { means, remedy }]) => `### ${code}\n\n${means}\n\n${remedy}`)
    return `## ${title}\n\n${entries.join('\n\n')}`
  })
  return `# Error codes

The codes that \`agent-jobs\` shows, as \`errorCode\` of a run or \`error.code\` with \`--json\`. \`agent-jobs explain CODE\` prints
the same. It also explains the codes of the Paperclip adapters, which are in
[Troubleshooting](troubleshooting.md#codes-of-the-adapters).

<!-- Generated from apps/cli/src/errors/explanations.ts by apps/cli/scripts/write-docs.ts. -->

${groups.join('\n\n')}
`
}

/** `docs/cli.md`: every command with its arguments and options. */
export function commandsPage(program: Command): string {
  return `# Commands and options

\`agent-jobs COMMAND --help\` shows the same in a terminal.

<!-- Generated from apps/cli/src/commands by apps/cli/scripts/write-docs.ts. -->

${leaves(program).map(commandSection).join('\n\n')}
`
}

function leaves(command: Command, path = 'agent-jobs'): { command: Command; path: string }[] {
  return command.commands.flatMap((child) => {
    const own = `${path} ${child.name()}`
    return child.commands.length > 0 ? leaves(child, own) : [{ command: child, path: own }]
  })
}

function commandSection({ command, path }: { command: Command; path: string }): string {
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`
    return argument.required ? `<${name}>` : `[${name}]`
  })
  const rows = [
    ...command.registeredArguments.map((argument) =>
      row(`\`${argument.name()}\``, argument.description, argument.argChoices),
    ),
    ...command.options
      .filter((option) => !option.hidden)
      .map((option) => row(`\`${option.flags}\``, option.description, option.argChoices, shownDefault(option))),
  ]
  const title = `## ${path}\n\n${command.description()}\n\n\`\`\`text\n${[path, ...args, '[options]'].join(' ')}\n\`\`\``
  return rows.length === 0 ? title : `${title}\n\n| argument or option | |\n| --- | --- |\n${rows.join('\n')}`
}

function shownDefault(option: Command['options'][number]): string | undefined {
  if (option.defaultValue === undefined) return undefined
  return option.defaultValueDescription ?? String(option.defaultValue)
}

function row(name: string, description: string, choices?: readonly string[], fallback?: string): string {
  const more = [
    ...(choices === undefined ? [] : [`one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`]),
    ...(fallback === undefined ? [] : [`default \`${fallback}\``]),
  ]
  const text = more.length === 0 ? description : `${description} (${more.join('; ')})`
  return `| ${name.replaceAll('|', '\\|')} | ${text.replaceAll('|', '\\|')} |`
}
