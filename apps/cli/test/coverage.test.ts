import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ownErrorCodes } from '../src/errors/explanations.ts'
import { programFlags } from './program-flags.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The flags that every-flag.e2e.test.ts tries, by the keys of its table. */
async function triedFlags(): Promise<Set<string>> {
  const text = await readFile(join(root, 'src/every-flag.e2e.test.ts'), 'utf8')
  return new Set([...text.matchAll(/^ {2}'((?:[a-z-]+ )*--[a-z-]+)':/gm)].map(([, name = '']) => name))
}

async function testTexts(): Promise<string> {
  const listed = await Promise.all(
    ['src', 'test'].map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((file) => join(root, folder, file)),
    ),
  )
  const files = listed.flat().filter((file) => file.endsWith('.test.ts') && !file.endsWith('coverage.test.ts'))
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
}

describe('the tests of the command line', () => {
  it('try every flag of every command', async () => {
    const tried = await triedFlags()
    // Tried for all commands by one table of their own.
    const chooseWhere = /--(?:namespace|kubeconfig|context)$/
    const all = programFlags().map(({ name }) => name)
    expect(all.filter((name) => !tried.has(name) && !chooseWhere.test(name))).toEqual([])
    expect([...tried].filter((name) => !all.includes(name))).toEqual([])
  })

  it('provoke every error code of its own', async () => {
    const texts = await testTexts()
    expect(ownErrorCodes.filter((code) => !new RegExp(`['"]${code}['"]`).test(texts))).toEqual([])
  })
})
