import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const promtool = process.env['PROMTOOL'] ?? ''
const monitoring = fileURLToPath(new URL('../../../monitoring', import.meta.url))

describe.skipIf(promtool === '')('the Prometheus rules', () => {
  it('pass `promtool check rules`', async () => {
    const { stdout } = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'], {
      cwd: monitoring,
    })
    expect(stdout).toContain('SUCCESS')
  })

  it('fire and stay silent as their tests say', async () => {
    const { stdout } = await run(promtool, ['test', 'rules', 'rules.test.yaml'], { cwd: monitoring })
    expect(stdout).toContain('SUCCESS')
  })
})
