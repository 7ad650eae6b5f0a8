import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { copyEarlierSession } from './copy-earlier-session.ts'

describe('a session of an earlier adapter', () => {
  let top = ''
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'earlier-session-'))
    mkdirSync(join(top, '.claude', 'projects', '-work'), { recursive: true })
  })
  const from = () => ({ top, path: '.claude/projects/-work/s1.jsonl' })
  const to = () => ({ top, path: 'agent/claude/projects/-work/s1.jsonl' })
  const copy = () => copyEarlierSession({ from: from(), to: to() })

  it('is copied to where this one looks for it, and stays where it was', async () => {
    writeFileSync(join(top, from().path), '{"type":"user"}\n')
    expect(await copy()).toBe(true)
    expect(readFileSync(join(top, to().path), 'utf8')).toBe('{"type":"user"}\n')
    expect(readFileSync(join(top, from().path), 'utf8')).toBe('{"type":"user"}\n')
    expect(readdirSync(join(top, 'agent/claude/projects/-work'))).toEqual(['s1.jsonl'])
  })

  it('is left alone when there is none, or an empty one', async () => {
    expect(await copy()).toBe(false)
    writeFileSync(join(top, from().path), '')
    expect(await copy()).toBe(false)
    expect(readdirSync(top)).toEqual(['.claude'])
  })

  it('is not read through a link that leads elsewhere', async () => {
    writeFileSync(join(top, 'secret'), 'of the server')
    symlinkSync(join(top, 'secret'), join(top, from().path))
    await expect(copy()).rejects.toMatchObject({ code: 'ELOOP' })
    expect(readdirSync(top).toSorted()).toEqual(['.claude', 'secret'])
  })
})
