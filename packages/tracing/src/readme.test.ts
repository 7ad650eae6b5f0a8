import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as api from './index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

describe('the README', () => {
  it('names everything that the package exports', () => {
    expect(Object.keys(api).filter((name) => !readme.includes(name))).toEqual([])
  })

  it('has an example that prints what it shows', () => {
    const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? []
    const [, output] = /```text\n([^]*?)```/.exec(readme) ?? []
    const folder = mkdtempSync(join(root, 'example-'))
    try {
      writeFileSync(join(folder, 'example.ts'), example)
      const args = ['--conditions=@agent-jobs/source', join(folder, 'example.ts')]
      expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe(output)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
