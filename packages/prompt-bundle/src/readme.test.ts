import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import type { BundleErrorCode } from './bundle-error.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

it('has an example that runs as printed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-readme-'))
  try {
    const [example = ''] = /(?<=```ts\n)[\s\S]+?(?=```)/.exec(readme) ?? []
    const source = pathToFileURL(join(root, 'src/index.ts')).href
    const here = example.replace('@agent-jobs/prompt-bundle', source)
    // Its own directory is the source, so it must not hold the bundles as well.
    const skill = mkdtempSync(join(tmpdir(), 'bundle-skill-'))
    writeFileSync(join(skill, 'example.ts'), here)
    const env = { ...process.env, TMPDIR: folder }
    const printed = execFileSync(process.execPath, ['--conditions=@agent-jobs/source', join(skill, 'example.ts')], {
      encoding: 'utf8',
      env,
    })
    expect(printed).toBe('created 64 true\n')
    rmSync(skill, { recursive: true })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('has a row for every error code', () => {
  const codes: Record<BundleErrorCode, true> = {
    invalid_path: true,
    path_conflict: true,
    source_missing: true,
    source_unreadable: true,
    source_changed: true,
    symlink_loop: true,
    symlink_outside: true,
    unsupported_file: true,
    limit_exceeded: true,
    volume_error: true,
  }
  const rows = [...readme.matchAll(/^\| `(\w+)`\s+\| (?:yes|no)\s+\|/gm)].map(([, code]) => code)
  expect(rows.sort()).toEqual(Object.keys(codes).sort())
})
