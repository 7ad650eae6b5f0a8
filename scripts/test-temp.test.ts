import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'

const run = `
  const { mkdirSync, statSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const { default: useOwnTemp } = await import(${JSON.stringify(new URL('test-temp.ts', import.meta.url))})
  useOwnTemp()
  mkdirSync(tmpdir() + '/left/behind', { recursive: true })
  console.log(JSON.stringify({ own: tmpdir(), mode: statSync(tmpdir()).mode & 0o7777 }))
  process.exit()`

describe('the temp folder of a run of the tests', () => {
  it('is separate, open to all users, and removed afterwards with all its content', () => {
    const { own, mode } = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', run], { encoding: 'utf8' }),
    )
    expect(dirname(own)).toBe(tmpdir())
    expect(mode).toBe(0o1777)
    expect(existsSync(own)).toBe(false)
  })

  it('is where this test runs, while the installation of Paperclip lies outside', () => {
    expect(tmpdir()).toMatch(/[/\\]aj-\w{6}$/)
    expect(process.env['AGENT_JOBS_PAPERCLIP_DIR']).toBeDefined()
    expect(process.env['AGENT_JOBS_PAPERCLIP_DIR']).not.toContain(tmpdir())
  })
})
