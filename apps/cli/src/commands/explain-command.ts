import { Argument, type Command } from 'commander'
import { CliError } from '../errors/cli-error.ts'
import {
  adapterErrorUrl,
  errorUrl,
  explanationGroups,
  explanationOf,
  explanations,
  type Explanation,
} from '../errors/explanations.ts'
import { closest } from '../input/closest.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

interface ExplainedCode extends Explanation {
  readonly code: string
  readonly url: string
}

/** `agent-jobs explain`: what an error code means, and what to do. */
export function addExplainCommand(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description(
      'Explain an error code of agent-jobs or of the Paperclip adapters: what it means and what to do. Without a code, list all codes.',
    )
    .addArgument(new Argument('[code]', 'such as image_error or k8s_run_lost'))
    .option('--json', 'print one JSON object per code')
    .action(async (code: string | undefined, { json }: { json?: boolean }) => {
      if (code === undefined) return json ? listJson(terminal) : list(terminal)
      const explained = await explain(code)
      if (json) return terminal.out(jsonLine({ ...explained }))
      const style = createStyle(terminal.colours.out)
      const { code: name, means, remedy, url } = explained
      terminal.out(`${style.bold(name)}\n\n  ${means}\n\n  ${remedy}\n\n  ${style.dim(url)}\n`)
    })
}

async function explain(code: string): Promise<ExplainedCode> {
  // Outcomes in JSON are in camel case: `imageError`.
  const name = code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
  const own = explanationOf(name)
  if (own !== undefined) return { code: name, ...own, url: errorUrl(name) }
  const ofAdapters = await onlyOfAdapters()
  const found = ofAdapters.get(name)
  if (found !== undefined) return { code: name, ...found, url: adapterErrorUrl(name) }
  const near = closest(name, [...Object.keys(explanations), ...ofAdapters.keys()])
  const guess = near === undefined ? '' : ` Did you mean ${near}?`
  throw new CliError('usage', `Unknown error code ${code}.${guess} \`agent-jobs explain\` lists all codes.`)
}

/** The codes that only the Paperclip adapters report. Loads the adapters. */
async function onlyOfAdapters(): Promise<Map<string, Explanation>> {
  const { adapterExplanations } = await import('../errors/adapter-errors.ts')
  return new Map(Object.entries(adapterExplanations()).filter(([code]) => explanationOf(code) === undefined))
}

async function listJson(terminal: Terminal): Promise<void> {
  for (const [code, explanation] of Object.entries(explanations)) {
    terminal.out(jsonLine({ code, ...explanation, url: errorUrl(code) }))
  }
  for (const [code, explanation] of await onlyOfAdapters()) {
    terminal.out(jsonLine({ code, ...explanation, url: adapterErrorUrl(code) }))
  }
}

async function list(terminal: Terminal): Promise<void> {
  const style = createStyle(terminal.colours.out)
  const ofAdapters = Object.fromEntries(await onlyOfAdapters())
  const groups = [...explanationGroups, ['The Paperclip adapters', ofAdapters] as const]
  const width = Math.max(...groups.flatMap(([, codes]) => Object.keys(codes).map((code) => code.length)))
  for (const [title, codes] of groups) {
    terminal.out(`${style.bold(title)}\n`)
    for (const [code, { means }] of Object.entries(codes)) terminal.out(`  ${code.padEnd(width)}  ${means}\n`)
    terminal.out('\n')
  }
}
