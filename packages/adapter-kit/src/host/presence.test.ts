import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openPresence } from './presence.ts'

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the process that represents a run to Paperclip', () => {
  it('is alive until it is closed', async () => {
    const presence = await openPresence()
    if (presence === null) throw new Error('The program `cat` could not be started.')
    expect(isAlive(presence.pid)).toBe(true)
    expect(presence.startedAt).toMatch(/^\d{4}-/)
    await presence.close()
    expect(isAlive(presence.pid)).toBe(false)
  })

  it('ends with a server that is killed', async () => {
    const module = fileURLToPath(new URL('presence.ts', import.meta.url))
    const program = `
      const { openPresence } = await import(${JSON.stringify(module)})
      const { pid } = await openPresence()
      process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'))`
    let pid = ''
    try {
      execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', stdio: 'pipe' })
    } catch (error) {
      pid = String((error as { stdout: string }).stdout)
    }
    expect(Number(pid)).toBeGreaterThan(1)
    await expect.poll(() => isAlive(Number(pid)), { timeout: 10_000 }).toBe(false)
  })

  it('is left out where its program is missing', async () => {
    expect(await openPresence(Date.now, 'no-such-program')).toBeNull()
  })
})
