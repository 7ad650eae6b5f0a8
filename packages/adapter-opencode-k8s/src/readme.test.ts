import { settingsTable } from '@agent-jobs/adapter-kit'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { opencodeSchema } from './opencode-settings.ts'

const packageRoot = fileURLToPath(new URL('..', import.meta.url))
const readme = await readFile(join(packageRoot, 'README.md'), 'utf8')
/** A formatter may pad the cells anew. */
const plain = (text: string): string => text.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---')

describe('the README', () => {
  it('has the settings as the code has them', () => {
    expect(plain(readme)).toContain(plain(settingsTable(opencodeSchema)))
  })

  it('has an example that runs', async () => {
    const example = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? ''
    const folder = await mkdtemp(join(packageRoot, 'example-'))
    try {
      await writeFile(join(folder, 'example.ts'), example)
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--conditions=@agent-jobs/source',
        join(folder, 'example.ts'),
      ])
      expect(stdout).toBe('opencode_k8s environment\ntrue\nses_1\n')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
