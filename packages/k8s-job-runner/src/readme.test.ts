import { startMiniKube } from '@agent-jobs/mini-kube'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { documents } from '../scripts/readme-tables.ts'

const packageRoot = fileURLToPath(new URL('..', import.meta.url))
const readme = await readFile(join(packageRoot, 'README.md'), 'utf8')
/** A formatter may change the padding of the cells. */
const plain = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')

it.each(Object.entries(documents))('has the current tables in %s', async (file, tables) => {
  const document = plain(await readFile(join(packageRoot, file), 'utf8'))
  for (const table of Object.values(tables)) expect(document).toContain(plain(table))
})

describe('the README', () => {
  it('has an example that runs', async () => {
    const example = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? ''
    const folder = await mkdtemp(join(packageRoot, 'test', 'example-'))
    await using kube = await startMiniKube({ images: { 'node:24': { path: [dirname(process.execPath)] } } })
    try {
      await writeFile(join(folder, 'config'), kube.kubeConfig())
      await writeFile(join(folder, 'example.ts'), example)
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--conditions=@agent-jobs/source', join(folder, 'example.ts')],
        { env: { ...process.env, KUBECONFIG: join(folder, 'config') } },
      )
      expect(stdout).toMatch(/^42\nThe command succeeded in pod run-agent-7-run-1-\w+-\w+ on node mini-kube\.\n$/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
