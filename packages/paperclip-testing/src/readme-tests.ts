import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { partText, writtenParts } from '../../adapter-kit/scripts/readme-parts.ts'
import type { AgentDefinition } from '@agent-jobs/adapter-kit'

// Formatters align tables; only the cells count.
const cells = (text: string) =>
  text
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/\| ?-+ ?(?=\|)/g, '|--')
    .trim()

/** Declares the tests of the README of every adapter. */
export function readmeTests(of: {
  definition: Pick<AgentDefinition, 'schema'>
  /** The package's folder and name. */
  root: string
  name: string
  /** What the README's example prints. */
  prints: string
}): void {
  const readme = readFileSync(join(of.root, 'README.md'), 'utf8')

  it('has the settings of a first agent and the Role', () => {
    expect(writtenParts(readme).map(({ name }) => name)).toEqual(expect.arrayContaining(['settings', 'role']))
  })

  it('has generated parts that are up to date (node --conditions=@agent-jobs/source scripts/write-readme.ts writes them)', () => {
    for (const part of writtenParts(readme)) expect(cells(part.text)).toBe(cells(partText(of.definition, part)))
  })

  it('is short enough to be read', () => expect(readme.length).toBeLessThan(12_000))

  it('has an example that runs as printed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'adapter-readme-'))
    try {
      const [example = ''] = /(?<=```ts\n)[\s\S]+?(?=```)/.exec(readme) ?? []
      const entry = pathToFileURL(join(of.root, 'src/index.ts')).href
      writeFileSync(join(folder, 'example.ts'), example.replace(of.name, entry))
      const out = execFileSync(process.execPath, ['--conditions=@agent-jobs/source', join(folder, 'example.ts')], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', HOME: folder },
      })
      expect(out).toBe(of.prints)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}
