import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startScriptedModel } from '@agent-jobs/scripted-model'
import { describe, expect, it } from 'vitest'
import { runProgram } from './run-program.ts'

const fromCli = createRequire(new URL('../../../apps/cli/package.json', import.meta.url))
function findOpencode(): string | undefined {
  try {
    return join(dirname(fromCli.resolve('opencode-ai/package.json')), 'bin/opencode.exe')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
const opencode = findOpencode()

// OpenCode loses unread data in a pipe when it exits (590 KB of 1 MB arrived, with exit 0).
describe.skipIf(opencode === undefined)('the real OpenCode', { timeout: 60_000 }, () => {
  it('loses nothing of an answer of a megabyte', async () => {
    const home = mkdtempSync(join(tmpdir(), 'launcher-opencode-'))
    await using model = await startScriptedModel({ scenario: 'big' })
    const models = { demo: { name: 'Demo', limit: { context: 2_000_000, output: 1_000_000 } } }
    const options = { baseURL: `${model.url}/v1`, apiKey: 'dummy' }
    const config = {
      autoupdate: false,
      share: 'disabled',
      provider: { lab: { npm: '@ai-sdk/openai-compatible', name: 'Lab', options, models } },
    }
    const path = join(home, '.config', 'opencode', 'opencode.json')
    const { end, exitCode, stdout, frames } = await runProgram({
      argv: [opencode ?? '', 'run', '--format', 'json', '--model', 'lab/demo'],
      cwd: join(home, 'work'),
      createCwd: true,
      env: { HOME: home, OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' },
      files: [{ path, content: JSON.stringify(config) }],
      stdin: 'Tell me everything',
      limits: { totalMs: 50_000 },
    })
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    expect(end).toMatchObject({ stoppedBy: null, exitCode: 0, frames: frames.length - 1, stdoutBytes: stdout.length })
    expect(exitCode).toBe(0)
    const events = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; part?: { text?: string } })
    expect(events.find(({ type }) => type === 'text')?.part?.text?.length).toBeGreaterThan(1_000_000)
    expect(events.at(-1)?.type).toBe('step_finish')
  })
})
