import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collectEnv, readEnvironment } from './environment-option.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-env-'))
  await writeFile(join(folder, 'env'), '# a comment\n\nA=1\r\nB=x=y\nFROM_HERE\nEMPTY=\n')
  await writeFile(join(folder, 'bad'), 'A=1\nexport B=sk-secret\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('collectEnv', () => {
  it('keeps empty values, equals signs, lines, and names alone', () => {
    expect(collectEnv('A=')).toEqual([{ name: 'A', value: '' }])
    expect(collectEnv('A=b=c\nd')).toEqual([{ name: 'A', value: 'b=c\nd' }])
    expect(collectEnv('KEY', collectEnv('A=1'))).toEqual([
      { name: 'A', value: '1' },
      { name: 'KEY', value: undefined },
    ])
  })

  it('does not show a value in its error', () => {
    expect(() => collectEnv('9X=sk-secret')).toThrow('Expected NAME=VALUE or NAME, got `9X=…`.')
    expect(() => collectEnv('9X=sk-secret')).not.toThrow('sk-secret')
  })

  it.each(['=x', 'A B=c', '', '-A'])('refuses %j', (value) => {
    expect(() => collectEnv(value)).toThrow('Expected NAME=VALUE or NAME')
  })
})

describe('readEnvironment', () => {
  const own = { FROM_HERE: 'own', HIDDEN: 'not asked for' }

  it('takes files, then options, and a name alone from the environment of the caller', async () => {
    const env = collectEnv('A=3', collectEnv('A=2'))
    expect(await readEnvironment({ env, envFile: [join(folder, 'env')] }, own)).toEqual({
      A: '3',
      B: 'x=y',
      FROM_HERE: 'own',
      EMPTY: '',
    })
    expect(await readEnvironment({ env: collectEnv('FROM_HERE') }, own)).toEqual({ FROM_HERE: 'own' })
    expect(await readEnvironment({}, own)).toEqual({})
  })

  it('names a missing variable, an invalid line, and an unreadable file', async () => {
    await expect(readEnvironment({ env: collectEnv('ABSENT') }, own)).rejects.toThrow(
      'The variable ABSENT is to be taken from this environment, which does not have it.',
    )
    const bad = readEnvironment({ envFile: [join(folder, 'bad')] }, own)
    await expect(bad).rejects.toThrow('bad:2: expected NAME=VALUE, NAME or a comment, got `export B=…`')
    await expect(bad).rejects.not.toThrow('sk-secret')
    await expect(readEnvironment({ envFile: [join(folder, 'absent')] }, own)).rejects.toMatchObject({
      code: 'file_unreadable',
      message: `Cannot read the variables in ${join(folder, 'absent')}: there is no such file.`,
    })
  })
})
