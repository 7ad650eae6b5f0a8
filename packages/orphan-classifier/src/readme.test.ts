import { readFileSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { readmeTable } from '../scripts/write-readme-table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

it('has the table that the code follows (node scripts/write-readme-table.ts writes it)', () => {
  const [written = ''] = /(?<=<!-- table -->)[\s\S]*(?=<!-- \/table -->)/.exec(readme) ?? []
  const cells = (table: string) =>
    table
      .trim()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.trim().replace(/^-+$/, '-')))
  expect(cells(written)).toEqual(cells(readmeTable()))
})

it('has an example that runs as it stands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orphan-readme-'))
  try {
    const [example = ''] = /(?<=```ts\n)[\s\S]+?(?=```)/.exec(readme) ?? []
    const source = pathToFileURL(join(root, 'src/index.ts')).href
    writeFileSync(join(folder, 'example.ts'), example.replace('@agent-jobs/orphan-classifier', source))
    expect(execFileSync(process.execPath, [join(folder, 'example.ts')], { encoding: 'utf8' })).toBe('adopt orphan\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
