import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installedAgent } from './installed-agent.ts'

let folder = ''
let from = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-installed-'))
  from = pathToFileURL(join(folder, 'index.js')).href
  const manifest = JSON.stringify({ version: '1.2.3', bin: { agent: 'bin/agent' } })
  for (const [name, size] of [
    ['whole', 1_000_001],
    ['without-script', 100],
  ] as const) {
    await mkdir(join(folder, 'node_modules', name, 'bin'), { recursive: true })
    await writeFile(join(folder, 'node_modules', name, 'package.json'), manifest)
    await writeFile(join(folder, 'node_modules', name, 'bin', 'agent'), 'x'.repeat(size))
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('installedAgent', () => {
  it('finds program and version', () => {
    expect(installedAgent('whole', from)).toEqual({
      file: join(folder, 'node_modules/whole/bin/agent'),
      version: '1.2.3',
    })
  })

  it('finds the program in the package of the platform, where the one of the package is a script', async () => {
    const platform = join(folder, 'node_modules', `without-script-${process.platform}-${process.arch}`)
    const bin = join(platform, 'vendor', 'x86_64-unknown', 'bin')
    await mkdir(bin, { recursive: true })
    await writeFile(join(platform, 'package.json'), '{}')
    await writeFile(join(bin, 'agent'), 'x'.repeat(1_000_001))
    expect(installedAgent('without-script', from)).toEqual({ file: join(bin, 'agent'), version: '1.2.3' })
    await rm(platform, { recursive: true })
  })

  it('says what to do when the install script did not run', () => {
    expect(() => installedAgent('without-script', from)).toThrow(
      'is not in place (100 bytes). Install it with scripts allowed',
    )
  })

  it('says what to do when the package is absent', () => {
    expect(() => installedAgent('absent', from)).toThrow('absent is not installed')
  })
})
