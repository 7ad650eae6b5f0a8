import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { startScriptedModel } from '@agent-jobs/scripted-model'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CliError } from '../errors/cli-error.ts'
import { installedAgent } from '../agents/installed-agent.ts'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'

function versionOf(packageName: string): string | undefined {
  try {
    return installedAgent(packageName).version
  } catch (error) {
    if (CliError.isInstance(error)) return undefined
    throw error
  }
}
const installed = versionOf('@anthropic-ai/claude-code')
const kubectl = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'kubectl'))
  .find((file) => existsSync(file))

/** A temp folder for these tests alone, so that files of other processes are not taken for traces of the demo. */
let temporary = ''
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'demo-'))
  // The agent runs as another user.
  chmodSync(temporary, 0o755)
  vi.stubEnv('TMPDIR', temporary)
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(temporary, { recursive: true })
})
const leftovers = (): string[] => readdirSync(temporary)

describe.skipIf(!installed)('agent-jobs demo with the real Claude Code', { timeout: 60_000 }, () => {
  it('shows a whole run to a person, leaves nothing behind and ends with 0', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['demo'], terminal)).toBe(0)
    const shown = terminal.stdout()
    expect(shown).toContain(`Claude Code ${installed} from npm`)
    for (const part of [
      '● submitted',
      '● running',
      'session ',
      '⚙ Bash ls -A && cat README.md',
      '# Demo workspace',
      '▸ You asked:',
    ]) {
      expect(shown).toContain(part)
    }
    expect(shown).toMatch(
      /✔ succeeded\n  exit {6}0\n  session {3}[0-9a-f-]{36}\n  model {5}claude.*\n  tokens {4}in [\d,]+ · out \d+/,
    )
    expect(shown).toMatch(/\n  cost {6}\$0\.\d+\n  duration {2}(?:[\d.]+ s|\d+ ms) \(submitted/)
    expect(shown).not.toContain('\u001b')
    expect(shown).not.toContain('{"')
    expect(terminal.stderr()).toBe('')
    expect(leftovers()).toEqual([])
  })

  it('prints one JSON object on standard output and the rest on standard error', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['demo', '--json', '--prompt', 'Run `echo $((6 * 7))`'], terminal)).toBe(0)
    const report: Record<string, unknown> = JSON.parse(terminal.stdout())
    expect(Object.keys(report).join(' ')).toBe(
      'job pod node outcome exitCode sessionId model usage usageBasis costUsd summary errorCode errorMessage warning durationMs timings',
    )
    expect(report).toMatchObject({
      outcome: 'succeeded',
      exitCode: 0,
      errorCode: null,
      summary: expect.stringContaining('42'),
    })
    expect(terminal.stderr()).toContain('⚙ Bash echo $((6 * 7))')
  })

  it('fails when the agent fails, though its container was made and run', async () => {
    const terminal = fakeTerminal()
    await using model = await startScriptedModel({ scenario: 'billing' })
    const args = ['demo', '--live', '--json']
    const env = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'none' }
    expect(await runCli(args, { ...terminal, env })).toBe(1)
    const report: Record<string, unknown> = JSON.parse(terminal.stdout())
    expect(report).toMatchObject({
      outcome: 'exited',
      exitCode: 1,
      errorCode: expect.any(String),
      sessionId: expect.any(String),
    })
  })

  it.skipIf(!kubectl)('lets kubectl list and follow its pod, and holds it until Ctrl-C', async () => {
    const terminal = fakeTerminal()
    const demo = runCli(['demo', '--hold', '--prompt', 'Run `sleep 1; echo slept`'], terminal)
    await terminal.shown('● running', 'out')
    const file = /--kubeconfig (\S+)/.exec(terminal.stdout())?.[1] ?? ''
    const k = async (...args: string[]): Promise<string> =>
      (await promisify(execFile)(kubectl ?? '', ['--kubeconfig', file, ...args], { timeout: 30_000 })).stdout
    expect(await k('get', 'pods')).toMatch(/claude-[0-9a-f]{12}-\w+ +1\/1 +Running/)
    const [job = ''] = /claude-[0-9a-f]{12}/.exec(terminal.stdout()) ?? []
    expect(await k('logs', '-f', `job/${job}`)).toMatch(/@aj1 0 l [\s\S]*slept[\s\S]*"type":"end"/)
    await terminal.shown('The Job stays until Ctrl-C.', 'out')
    expect(await k('describe', 'job', job)).toContain('1 Succeeded')
    terminal.press('SIGINT')
    expect(await demo).toBe(0)
  })

  it('shows the run in a browser with --ui, until Ctrl-C', async () => {
    const terminal = fakeTerminal()
    const shown = runCli(['demo', '--ui', '--prompt', 'Run `echo ui`'], terminal)
    await terminal.shown('The Job stays until Ctrl-C.', 'out')
    const url = / page {6}(http:\S+)/.exec(terminal.stdout())?.[1] ?? ''
    const entered = await fetch(url, { redirect: 'manual' })
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(await (await fetch(new URL('/', url), { headers: { cookie } })).text()).toContain('<div id="app">')
    const kubeconfig = /--kubeconfig (\S+)/.exec(terminal.stdout())?.[1] ?? ''
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600)
    terminal.press('SIGINT')
    expect(await shown).toBe(0)
    expect(leftovers()).toEqual([])
  })

  it('cleans up when Ctrl-C comes before the run', async () => {
    const terminal = fakeTerminal()
    const run = runCli(['demo'], terminal)
    await terminal.listening
    terminal.press('SIGINT')
    expect(await run).toBe(130)
    expect(terminal.stdout()).not.toContain('submitted')
    expect(leftovers()).toEqual([])
  })

  it('cancels on Ctrl-C and cleans up', async () => {
    const terminal = fakeTerminal()
    // Claude Code refuses a `sleep` alone, and would end by itself.
    const run = runCli(['demo', '--json', '--prompt', 'Run `tail -f /dev/null`'], terminal)
    await terminal.shown('⚙ Bash tail -f /dev/null')
    terminal.press('SIGINT')
    expect(await run).toBe(130)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ outcome: 'cancelled', errorCode: 'cancelled' })
    expect(leftovers()).toEqual([])
  })
})

describe.skipIf(!versionOf('opencode-ai'))('agent-jobs demo with the real OpenCode', { timeout: 90_000 }, () => {
  it('runs a whole run', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['demo', '--agent', 'opencode', '--json', '--prompt', 'Run `echo $((6 * 7))`'], terminal)).toBe(
      0,
    )
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      outcome: 'succeeded',
      exitCode: 0,
      sessionId: expect.stringMatching(/^ses_/),
      model: 'scripted/scripted-model',
      summary: expect.stringContaining('42'),
      errorCode: null,
    })
    expect(terminal.stderr()).toContain('⚙ bash echo $((6 * 7))')
  })
})

describe.skipIf(!versionOf('@openai/codex'))('agent-jobs demo with the real Codex', { timeout: 90_000 }, () => {
  it('runs a whole run', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['demo', '--agent', 'codex', '--json', '--prompt', 'Run `echo $((6 * 7))`'], terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      outcome: 'succeeded',
      exitCode: 0,
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      summary: expect.stringContaining('42'),
      errorCode: null,
    })
    expect(terminal.stderr()).toContain('⚙ command_execution /bin/bash -lc')
  })
})

describe('agent-jobs demo', () => {
  it.each([
    ['--live without a key', ['--live'], '--live needs one of ANTHROPIC_API_KEY'],
    ['another cluster without an address', ['--cluster', 'current', '--image', 'x'], '--model-host ADDRESS'],
    ['another cluster without an image', ['--cluster', 'current', '--model-host', '127.0.0.1'], '--image NAME'],
    ['an unknown cluster', ['--cluster', 'moon'], 'Allowed choices are embedded, current'],
  ])('ends with 2 on %s', async (_what, args, words) => {
    const terminal = fakeTerminal()
    expect(await runCli(['demo', ...args], terminal)).toBe(2)
    expect(terminal.stderr()).toContain(words)
  })
})

describe('agent-jobs demo, asked for what it cannot do', () => {
  it.each([
    ['an empty prompt', ['--prompt', ' '], 'The prompt is empty'],
    [
      'an image for the embedded cluster',
      ['--image', 'x', '-n', 'y'],
      '--image, --namespace: for another cluster only',
    ],
    ['a model of its own with the real API', ['--live', '--model-host', '10.0.0.1'], 'cannot be used with'],
    ['a bad namespace', ['--cluster', 'current', '--namespace', 'A'], 'Expected a Kubernetes name'],
    ['words without quotes', ['--prompt', 'say', 'hello'], 'too many arguments'],
  ])('ends with 2 on %s, and starts nothing', async (_what, args, words) => {
    const terminal = fakeTerminal()
    expect(await runCli(['demo', ...args], terminal)).toBe(2)
    expect(terminal.stderr()).toContain(words)
    expect(terminal.stdout()).toBe('')
  })
})
