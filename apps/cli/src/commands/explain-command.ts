import { Argument, type Command } from 'commander'
import { CliError } from '../errors/cli-error.ts'
import { errorUrl, explanationGroups, explanationOf, explanations } from '../errors/explanations.ts'
import { closest } from '../input/closest.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs explain`: what an error code means, and what to do. */
export function addExplainCommand(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('Explain an error code: what it means and what to do. Without a code, list all of them.')
    .addArgument(new Argument('[code]', 'such as image_error, as errors and --json show it'))
    .option('--json', 'print one JSON object, a line for each code')
    .action((code: string | undefined, { json }: { json?: boolean }) => {
      if (code === undefined) return json ? listJson(terminal) : list(terminal)
      // Outcomes in JSON are in camel case: `imageError`.
      const name = code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
      const explanation = explanationOf(name)
      if (explanation === undefined) {
        const near = closest(name, Object.keys(explanations))
        const guess = near === undefined ? '' : ` Did you mean ${near}?`
        throw new CliError('usage', `Unknown error code ${code}.${guess} \`agent-jobs explain\` lists all codes.`)
      }
      if (json) return terminal.out(jsonLine({ code: name, ...explanation, url: errorUrl(name) }))
      const style = createStyle(terminal.colours.out)
      const { means, remedy } = explanation
      terminal.out(`${style.bold(name)}\n\n  ${means}\n\n  ${remedy}\n\n  ${style.dim(errorUrl(name))}\n`)
    })
}

function listJson(terminal: Terminal): void {
  for (const [code, explanation] of Object.entries(explanations)) {
    terminal.out(jsonLine({ code, ...explanation, url: errorUrl(code) }))
  }
}

function list(terminal: Terminal): void {
  const style = createStyle(terminal.colours.out)
  const width = Math.max(...Object.keys(explanations).map((code) => code.length))
  for (const [title, codes] of explanationGroups) {
    terminal.out(`${style.bold(title)}\n`)
    for (const [code, { means }] of Object.entries(codes)) terminal.out(`  ${code.padEnd(width)}  ${means}\n`)
    terminal.out('\n')
  }
}
