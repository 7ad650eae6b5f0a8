import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shellCall, startScriptedModel, type ScriptedModel } from './index.ts'

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
const codex = binary('@openai/codex', 'bin/codex.js')

interface Ran {
  code: number
  lines: Record<string, unknown>[]
}
let home = ''
let model: ScriptedModel
let folder = 0
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'scripted-model-'))
  model = await startScriptedModel({
    scenarios: {
      'slow-tool': (request) => ({
        kind: 'message',
        blocks: [
          request.step === 0
            ? shellCall(request, 'sleep 2; echo finished', 'Work', 250)
            : { type: 'text', text: request.toolResults.join('') },
        ],
      }),
    },
  })
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

const runCodex = async (scenario: string, prompt: string, ...more: string[]): Promise<Ran> => {
  const own = join(home, String(folder + 1))
  await mkdir(join(own, '.codex'), { recursive: true })
  const provider = {
    name: '"Lab"',
    base_url: JSON.stringify(`${model.scenarioUrl(scenario, `codex-${folder + 1}`)}/v1`),
    env_key: '"LAB_API_KEY"',
    wire_api: '"responses"',
  }
  const settings = {
    model_provider: '"lab"',
    check_for_update_on_startup: 'false',
    'analytics.enabled': 'false',
    ...Object.fromEntries(Object.entries(provider).map(([key, value]) => [`model_providers.lab.${key}`, value])),
  }
  const options = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const off = ['plugins', 'remote_plugin', 'apps', 'unbounded_connection_retries'].flatMap((name) => [
    '--disable',
    name,
  ])
  return run(
    process.execPath,
    [
      codex ?? '',
      'exec',
      '--json',
      '--skip-git-repo-check',
      '--dangerously-bypass-approvals-and-sandbox',
      ...off,
      ...options,
      ...(more.includes('-m') ? [] : ['-m', 'gpt-5.5']),
      ...more,
      '-',
    ],
    { LAB_API_KEY: 'sk-not-a-secret-but-not-for-the-log' },
    prompt,
  )
}

const messagesOf = (ran: Ran): unknown[] =>
  ran.lines
    .map((line) => line['item'] as { type?: string; text?: string } | undefined)
    .filter((item) => item?.type === 'agent_message')
    .map((item) => item?.text)

describe.skipIf(!codex)('the real Codex', { timeout: 60_000 }, () => {
  it('prints an answer that is made from the prompt', async () => {
    const ran = await runCodex('text', 'Please look at this workspace and report.')
    expect(ran.code).toBe(0)
    expect(messagesOf(ran)).toEqual([expect.stringContaining('“Please look at this workspace and report.”')])
    expect(ran.lines.at(-1)).toMatchObject({ type: 'turn.completed', usage: { output_tokens: expect.any(Number) } })
    expect(JSON.stringify(model.requests)).not.toContain('sk-not-a-secret')
  })

  it('runs the command of the prompt and answers from its output', async () => {
    const ran = await runCodex('tool', 'Run `echo one; echo $((40 + 2))` please')
    expect(messagesOf(ran).at(-1)).toContain('one\n42')
    expect(JSON.stringify(ran.lines)).toContain('"command_execution"')
  })

  it('waits for a command that outlives the time of its tool', async () => {
    const ran = await runCodex('slow-tool', 'Work')
    expect(messagesOf(ran).at(-1)).toContain('finished')
    expect(ran.lines.at(-2)).toMatchObject({ item: { type: 'agent_message' } })
    expect(JSON.stringify(ran.lines)).toContain('"exit_code":0')
  })

  it('thinks, then calls a tool', async () => {
    const ran = await runCodex('thinking-tool', 'Say `echo deep`')
    expect(JSON.stringify(ran.lines)).toContain('"reasoning"')
    expect(messagesOf(ran).at(-1)).toContain('deep')
  })

  it('starts a sub-agent, waits for it and reports after it', async () => {
    // Only models that are not in the catalogue of Codex get these tools from the start.
    const ran = await runCodex('subagent', 'Delegate this', '-m', 'demo-model')
    const calls = ran.lines.map((line) => line['item'] as { type?: string; tool?: string } | undefined)
    expect(calls.filter((item) => item?.type === 'collab_tool_call').map((item) => item?.tool)).toEqual([
      'spawn_agent',
      'spawn_agent',
      'wait',
      'wait',
    ])
  })

  it.each([
    ['quota', /^Quota exceeded/],
    ['usage-limit', /usage limit.*try again at Jan 1st, 2100 12:00 AM/],
    ['max-tokens', /max_output_tokens/],
    ['prompt-too-long', /ran out of room/],
    ['billing', /credit balance is too low/],
    ['401', /^unexpected status 401/],
  ])('meets %s and says why', async (scenario, message) => {
    const ran = await runCodex(scenario, 'Fail, please')
    expect(ran.code).toBe(1)
    expect(ran.lines.at(-1)).toMatchObject({ type: 'turn.failed', error: { message: expect.stringMatching(message) } })
  })

  it('recovers from a first answer that was cut', async () => {
    const ran = await runCodex('cut-once', 'Again')
    expect(ran.code).toBe(0)
    expect(JSON.stringify(ran.lines)).toContain('Reconnecting... 1/5')
  })

  it('prints a megabyte', async () => {
    expect(String(messagesOf(await runCodex('big', 'Much'))[0]).length).toBeGreaterThan(1_000_000)
  })
})
