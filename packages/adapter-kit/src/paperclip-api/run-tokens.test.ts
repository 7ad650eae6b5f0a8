import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addToken, holdTokens, readTokens, releaseTokens, removeTokens, writeTokens } from './run-tokens.ts'

describe("the file of a run's tokens", () => {
  const place = () => ({ top: mkdtempSync(join(tmpdir(), 'kit-tokens-')), path: 'a/tokens/r1.json' })
  type Place = ReturnType<typeof place>
  const on = ({ top, path }: Place) => join(top, path)
  const beside = ({ top }: Place) => readdirSync(join(top, 'a', 'tokens'))
  const first = { token: 't1', runId: 'r1' }

  it('is readable by its owner only, in the format that the launcher reads', async () => {
    const file = place()
    await writeTokens(file, [first])
    expect(statSync(on(file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(on(file), 'utf8'))).toEqual([
      { authorization: 'Bearer t1', 'x-paperclip-run-id': 'r1' },
    ])
    expect(beside(file)).toEqual(['r1.json'])
  })

  it("carries the run's right to GitHub credentials as a header of its own, and gives it back", async () => {
    const file = place()
    await writeTokens(file, [{ ...first, github: 'right-1' }])
    await addToken(file, { token: 't2', runId: 'r2', github: 'right-2' })
    expect(JSON.parse(readFileSync(on(file), 'utf8'))).toEqual([
      { authorization: 'Bearer t2', 'x-paperclip-run-id': 'r2', 'x-paperclip-github-capability': 'right-2' },
      { authorization: 'Bearer t1', 'x-paperclip-run-id': 'r1', 'x-paperclip-github-capability': 'right-1' },
    ])
    expect((await readTokens(file))?.map(({ github }) => github)).toEqual(['right-2', 'right-1'])
  })

  it('stores newer tokens before older ones, each once, and only as many as are useful', async () => {
    const file = place()
    await writeTokens(file, [first])
    for (const n of [2, 3, 3, 4, 5]) await addToken(file, { token: `t${n}`, runId: `r${n}` })
    expect((await readTokens(file))?.map(({ token }) => token)).toEqual(['t5', 't4', 't3', 't2'])
  })

  it('is not made for a run that has none', async () => {
    const file = place()
    expect(await addToken(file, first)).toBeNull()
    expect(await readTokens(file)).toBeNull()
  })

  it('is rewritten when its content was damaged, and can be removed twice', async () => {
    const file = place()
    await writeTokens(file, [first])
    for (const text of ['{', '{}', '[1, {"authorization": 1}]']) {
      writeFileSync(on(file), text)
      expect(await readTokens(file)).toEqual([])
    }
    expect(await addToken(file, first)).toEqual([first])
    await removeTokens(file)
    await removeTokens(file)
    expect(await readTokens(file)).toBeNull()
  })

  it('can be set aside and restored; until then the launcher reads an empty list, and the server keeps them', async () => {
    const file = place()
    await writeTokens(file, [first])
    // Twice, as by a server that dies in between.
    await holdTokens(file)
    await holdTokens(file)
    expect(JSON.parse(readFileSync(on(file), 'utf8'))).toEqual([])
    expect(await readTokens(file)).toEqual([first])
    await releaseTokens(file)
    await releaseTokens(file)
    expect(JSON.parse(readFileSync(on(file), 'utf8'))).toHaveLength(1)
    expect(beside(file)).toEqual(['r1.json'])
  })

  it('has what an adopting run adds at once, and nothing is put back over it', async () => {
    const file = place()
    const second = { token: 't2', runId: 'r2' }
    await writeTokens(file, [first])
    await holdTokens(file)
    await addToken(file, second)
    await releaseTokens(file)
    expect(JSON.parse(readFileSync(on(file), 'utf8'))).toHaveLength(2)
    expect(await readTokens(file)).toEqual([second, first])
    await holdTokens(file)
    await removeTokens(file)
    expect(beside(file)).toEqual([])
  })

  it('is written over a link that an agent has put in its place, never through it, and not read through it', async () => {
    const file = place()
    await writeTokens(file, [first])
    const theirs = join(file.top, 'server.json')
    writeFileSync(theirs, '[{"authorization":"Bearer own","x-paperclip-run-id":"s"}]')
    rmSync(on(file))
    symlinkSync(theirs, on(file))
    await expect(readTokens(file)).rejects.toMatchObject({ code: 'ELOOP' })
    await writeTokens(file, [first])
    expect(lstatSync(on(file)).isFile()).toBe(true)
    expect(readFileSync(theirs, 'utf8')).toContain('Bearer own')
  })

  it('is neither written nor removed when an agent has redirected its folder', async () => {
    const file = place()
    mkdirSync(join(file.top, 'server'))
    mkdirSync(join(file.top, 'a'))
    writeFileSync(join(file.top, 'server', 'r1.json'), 'x')
    symlinkSync('../server', join(file.top, 'a', 'tokens'))
    for (const work of [() => writeTokens(file, [first]), () => removeTokens(file), () => readTokens(file)]) {
      await expect(work()).rejects.toThrow('A part of the path is a link')
    }
    expect(readFileSync(join(file.top, 'server', 'r1.json'), 'utf8')).toBe('x')
    expect(readdirSync(join(file.top, 'server'))).toEqual(['r1.json'])
  })
})
