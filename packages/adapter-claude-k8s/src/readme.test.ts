import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readmeParts } from '../scripts/write-readme.ts'
import { claudeDefinition } from './claude-definition.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
// Formatters align tables; only the cells count.
const cells = (text: string) =>
  text
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/\| ?-+ ?(?=\|)/g, '|--')
    .trim()

describe('README.md', () => {
  it.each(Object.entries(readmeParts()))(
    'has the generated part "%s" (node scripts/write-readme.ts writes it)',
    (name, part) => {
      const [written = ''] = new RegExp(`(?<=<!-- ${name} -->)[\\s\\S]*?(?=<!-- /${name} -->)`).exec(readme) ?? []
      expect(cells(written)).toBe(cells(part))
    },
  )

  it('has an example that runs as it stands', () => {
    const folder = mkdtempSync(join(tmpdir(), 'adapter-readme-'))
    try {
      const [example = ''] = /(?<=```ts\n)[\s\S]+?(?=```)/.exec(readme) ?? []
      writeFileSync(
        join(folder, 'example.ts'),
        example.replace('@agent-jobs/adapter-claude-k8s', pathToFileURL(join(root, 'src/index.ts')).href),
      )
      const out = execFileSync(process.execPath, ['--conditions=@agent-jobs/source', join(folder, 'example.ts')], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', HOME: folder },
      })
      expect(out).toBe('claude_k8s true\nfail invalid_config\n')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('says no name twice that a user could take for another setting', () => {
    expect(Object.keys(claudeDefinition.schema.shape).filter((key) => key !== key.trim())).toEqual([])
  })
})
