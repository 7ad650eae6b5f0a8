import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copyCore } from '../scripts/copy-core.ts'

const packages = join(import.meta.dirname, '../..')
const source = join(packages, 'stream-parser-core/src')
const header = '// Copied from packages/stream-parser-core; edit there.\n'

async function filesOf(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), 'utf8')] as const)),
  )
}

describe('the copies of the core', () => {
  let target: string
  beforeEach(async () => {
    target = await mkdtemp(join(tmpdir(), 'copy-core-'))
  })
  afterEach(() => rm(target, { recursive: true, force: true }))

  it('are its sources under a line that says where to edit, without its tests', async () => {
    await copyCore([target])
    const sources = Object.entries(await filesOf(source))
    expect(sources.length).toBeGreaterThan(10)
    expect(await filesOf(target)).toEqual(Object.fromEntries(sources.map(([file, text]) => [file, header + text])))
    expect((await readdir(target)).filter((file) => file.includes('.test.') || !file.endsWith('.ts'))).toEqual([])
  })

  it('lose what the core lost, and what was edited in them', async () => {
    await copyCore([target])
    await writeFile(join(target, 'gone.ts'), 'export {}\n')
    await writeFile(join(target, 'json.ts'), 'export {}\n')
    await copyCore([target])
    const copies = await filesOf(target)
    expect(copies).not.toHaveProperty('gone.ts')
    expect(copies['json.ts']).toBe(header + (await readFile(join(source, 'json.ts'), 'utf8')))
  })

  it('are not touched when they are up to date', async () => {
    await copyCore([target])
    const written = (await stat(join(target, 'json.ts'), { bigint: true })).mtimeNs
    await copyCore([target])
    expect((await stat(join(target, 'json.ts'), { bigint: true })).mtimeNs).toBe(written)
  })

  it('can be made twice at the same time', async () => {
    await Promise.all([copyCore([target]), copyCore([target])])
    expect(Object.keys(await filesOf(target))).toEqual(Object.keys(await filesOf(source)))
  })

  it.each(['claude', 'opencode'])('are fresh in %s-stream-parser', async (agent) => {
    const sources = Object.entries(await filesOf(source)).map(([file, text]) => [file, header + text])
    expect(await filesOf(join(packages, `${agent}-stream-parser/src/core`))).toEqual(Object.fromEntries(sources))
  })
})

describe('the core', () => {
  it('imports its own files only, so that a copy stands alone', async () => {
    for (const text of Object.values(await filesOf(source))) {
      const imports = [...text.matchAll(/ from '([^']+)'/g)].map(([, name]) => name ?? '')
      expect(imports.filter((name) => !/^\.\/[a-z-]+\.ts$/.test(name))).toEqual([])
    }
  })

  it('says nothing of one agent in particular', async () => {
    for (const text of Object.values(await filesOf(source))) expect(text).not.toMatch(/claude|opencode/i)
  })
})
