import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { commandsPage, errorsPage } from '../scripts/docs.ts'
import { createProgram } from '../src/program.ts'
import { fakeTerminal } from './fake-terminal.ts'

const page = (name: string): Promise<string> => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
/** The formatter pads tables; compare only their content. */
const content = (text: string): string => text.replaceAll(/[ -]+/g, ' ')

describe('the generated pages', () => {
  it('docs/errors.md has every code; `pnpm --filter @agent-jobs/cli run docs` writes it', async () => {
    expect(content(await page('errors.md'))).toBe(content(errorsPage()))
  })

  it('docs/cli.md has every command and option; the same script writes it', async () => {
    const program = createProgram(fakeTerminal(), () => undefined)
    expect(content(await page('cli.md'))).toBe(content(commandsPage(program)))
  })
})
