import { existsSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import useOwnTemp from './test-temp.ts'

describe('the temp folder of a run of the tests', () => {
  it('is one of its own, open to all users, and is gone after it with all that is left in it', () => {
    const outside = tmpdir()
    const remove = useOwnTemp()
    const own = tmpdir()
    expect(dirname(own)).toBe(outside)
    expect(statSync(own).mode & 0o7777).toBe(0o1777)
    mkdirSync(join(own, 'left', 'behind'), { recursive: true })
    remove()
    expect(existsSync(own)).toBe(false)
    expect(tmpdir()).toBe(outside)
  })

  it('is where this test runs, while the installation of Paperclip lies outside', () => {
    expect(tmpdir()).toMatch(/[/\\]aj-\w{6}$/)
    expect(process.env['AGENT_JOBS_PAPERCLIP_DIR']).toBeDefined()
    expect(process.env['AGENT_JOBS_PAPERCLIP_DIR']).not.toContain(tmpdir())
  })
})
