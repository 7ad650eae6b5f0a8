import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScriptedModel, type ScriptedModel } from './index.ts'

// The real command lines come with apps/cli as optional dependencies; without them these tests are skipped.
const fromCli = createRequire(new URL('../../../apps/cli/package.json', import.meta.url))
function binary(name: string, file: string): string | undefined {
  try {
    return join(dirname(fromCli.resolve(`${name}/package.json`)), file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
const claude = binary('@anthropic-ai/claude-code', 'bin/claude.exe')
const opencode = binary('opencode-ai', 'bin/opencode.exe')

interface Ran {
  code: number
  lines: Record<string, unknown>[]
}
let home = ''
let model: ScriptedModel
let folder = 0
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'scripted-model-'))
  model = await startScriptedModel()
})
afterAll(async () => {
  await model.close()
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
})

async function run(file: string, args: string[], env: Record<string, string>, stdin: string): Promise<Ran> {
  folder += 1
  const own = join(home, String(folder))
  await mkdir(join(own, 'work'), { recursive: true })
  return new Promise((resolve, reject) => {
    const options = {
      cwd: join(own, 'work'),
      env: { PATH: process.env['PATH'] ?? '', HOME: own, TMPDIR: own, ...env },
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
    }
    const child = execFile(file, args, options, (error, stdout) => {
      if (error && typeof error.code !== 'number') return reject(error)
      const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
      return resolve({
        code: error ? Number(error.code) : 0,
        lines: lines.map((line): Record<string, unknown> => JSON.parse(line)),
      })
    })
    child.stdin?.end(stdin)
  })
}

const runClaude = (scenario: string, prompt: string, ...more: string[]): Promise<Ran> =>
  run(
    claude ?? '',
    ['--print', '--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions', ...more],
    {
      ANTHROPIC_BASE_URL: model.scenarioUrl(scenario, `claude-${folder + 1}`),
      ANTHROPIC_API_KEY: 'sk-not-a-secret-but-not-for-the-log',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
      IS_SANDBOX: '1',
    },
    prompt,
  )

const resultOf = (ran: Ran): Record<string, unknown> => ran.lines.findLast((line) => line['type'] === 'result') ?? {}

describe.skipIf(!claude)('the real Claude Code', () => {
  it('prints an answer that is made from the prompt', async () => {
    const ran = await runClaude('text', 'Please look at this workspace and report.')
    expect(ran.code).toBe(0)
    expect(resultOf(ran)).toMatchObject({ subtype: 'success', is_error: false })
    expect(resultOf(ran)['result']).toContain('“Please look at this workspace and report.”')
    expect(JSON.stringify(model.requests)).not.toContain('sk-not-a-secret')
  })

  it('runs the command of the prompt and answers from its output', async () => {
    const ran = await runClaude('tool', 'Run `echo one; echo $((40 + 2))` please')
    expect(resultOf(ran)['result']).toContain('one\n42')
    expect(JSON.stringify(ran.lines)).toContain('"tool_use"')
  })

  it('thinks, then calls a tool', async () => {
    const ran = await runClaude('thinking-tool', 'Say `echo deep`')
    expect(JSON.stringify(ran.lines)).toContain('"thinking"')
    expect(resultOf(ran)['result']).toContain('deep')
  })

  it('sends a sub-agent and reports after it', async () => {
    const ran = await runClaude('subagent', 'Delegate this')
    expect(resultOf(ran)).toMatchObject({ subtype: 'success', subagent_stats: { spawned: 1, completed: 1 } })
  })

  it.each([
    ['401', 'authentication_failed'],
    ['402', 'unknown'],
    ['429', 'rate_limit'],
    ['500', 'server_error'],
    ['529', 'server_error'],
    ['billing', 'billing_error'],
    ['prompt-too-long', 'invalid_request'],
  ])('meets %s and says %s', async (scenario, error) => {
    const ran = await runClaude(scenario, 'Fail, please')
    expect(ran.code).toBe(1)
    expect(resultOf(ran)).toMatchObject({ is_error: true })
    expect(ran.lines.find((line) => line['error'] !== undefined && line['type'] === 'assistant')?.['error']).toBe(error)
  })

  it('stops a model that never ends at its turn limit', async () => {
    const ran = await runClaude('loop', 'Go on', '--max-turns', '3')
    expect(resultOf(ran)).toMatchObject({ subtype: 'error_max_turns', num_turns: 4 })
  })

  it('prints a megabyte', async () => {
    const ran = await runClaude('big', 'Much')
    expect(String(resultOf(ran)['result']).length).toBeGreaterThan(1_000_000)
  })

  it('recovers from a first answer that was cut', async () => {
    const ran = await runClaude('cut-once', 'Again')
    expect(resultOf(ran)).toMatchObject({ subtype: 'success', is_error: false })
  })

  it('ends well on an empty answer', async () => {
    expect(resultOf(await runClaude('empty', 'Say nothing'))).toMatchObject({ is_error: false, result: '' })
  })
})

const runOpencode = async (scenario: string, prompt: string): Promise<Ran> => {
  const baseURL = `${model.scenarioUrl(scenario, `opencode-${folder + 1}`)}/v1`
  const config = {
    autoupdate: false,
    share: 'disabled',
    provider: {
      lab: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Lab',
        options: { baseURL, apiKey: 'dummy' },
        models: {
          demo: { name: 'Demo', limit: { context: 200_000, output: 32_000 }, reasoning: true, tool_call: true },
        },
      },
    },
  }
  const own = join(home, String(folder + 1))
  await mkdir(join(own, '.config', 'opencode'), { recursive: true })
  await writeFile(join(own, '.config', 'opencode', 'opencode.json'), JSON.stringify(config))
  return run(
    opencode ?? '',
    ['run', '--format', 'json', '--model', 'lab/demo'],
    { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' },
    prompt,
  )
}

describe.skipIf(!opencode)('the real OpenCode', { timeout: 60_000 }, () => {
  it('runs the command of the prompt and answers from its output', async () => {
    const ran = await runOpencode('tool', 'Run `echo one; echo $((40 + 2))` please')
    expect(ran.code).toBe(0)
    const text = ran.lines.filter((line) => line['type'] === 'text')
    expect(JSON.stringify(text.at(-1))).toContain('one\\n42')
    expect(ran.lines.some((line) => line['type'] === 'tool_use')).toBe(true)
  })

  it('meets 402 and fails', async () => {
    const ran = await runOpencode('402', 'Fail, please')
    expect(ran.code).toBe(1)
    expect(ran.lines.at(-1)).toMatchObject({ type: 'error' })
  })
})
