import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { createProgram } from './program.ts'
import { runCli } from './run-cli.ts'
import { fakeTerminal } from '../test/fake-terminal.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

/** The lines of a run for a person; names, figures and the phases that depend on luck left out. */
const linesOf = (shown: string): string[] =>
  shown
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replaceAll(/\S*\/agent-jobs-demo-\w+/g, '#')
        .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12}(?:-[a-z0-9]{5})?/g, '#')
        .replaceAll(/\d[\d.,]*(?: (?:ms|s)\b)?/g, '#'),
    )
    .filter((line) => line !== '' && !/^● (?:pending|stopping)/.test(line))

describe('the README', () => {
  it('has an example with the output that it claims', { timeout: 60_000 }, async () => {
    const [, line = '', shown = ''] =
      /```sh[^\n]*\nagent-jobs (.*)\n```[\s\S]*?```text\n([\s\S]*?)```/.exec(readme) ?? []
    const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
    const terminal = fakeTerminal()
    expect(await runCli(args, terminal)).toBe(0)
    expect(linesOf(terminal.stdout())).toEqual(linesOf(shown))
  })

  it('names every command', () => {
    const program = createProgram(fakeTerminal(), () => undefined)
    for (const command of program.commands) expect(readme).toMatch(new RegExp(`\`${command.name()}[ \`]`))
  })
})
