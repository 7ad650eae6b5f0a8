import { describe, expect, it } from 'vitest'
import { fakeTerminal } from '../test/fake-terminal.ts'
import { errorReport, wantsJson } from './errors/error-report.ts'
import { adapterErrors } from './errors/adapter-errors.ts'
import { explanations } from './errors/explanations.ts'
import { helpTopics } from './commands/help-topics.ts'
import { runCli } from './run-cli.ts'

async function agentJobs(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = fakeTerminal({ env: { KUBECONFIG: '/absent/kubeconfig' } })
  const code = await runCli(args, terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

describe('errors of the command line', () => {
  it.each([
    ['an unknown option', ['ps', '--jsn', '--json'], 2, 'usage', "unknown option '--jsn'"],
    ['a missing argument', ['logs', 'a', 'b', '--json'], 2, 'usage', 'too many arguments'],
    ['an invalid value', ['mini-kube', '--port', '-1', '--json'], 2, 'usage', 'from 0 to 65535'],
    ['no kubeconfig', ['ps', '--json'], 1, 'kubeconfig_unusable', '/absent/kubeconfig'],
    ['an unreadable file', ['parse', 'claude', '/absent/file', '--json'], 1, 'file_unreadable', '/absent/file'],
  ])('are JSON with --json: %s', async (_what, args, exit, code, text) => {
    const { code: exitCode, out, err } = await agentJobs(...args)
    expect(exitCode).toBe(exit)
    expect(JSON.parse(out)).toEqual({
      error: {
        code,
        message: expect.stringContaining(text),
        explanation: expect.any(String),
        url: `https://github.com/agent-jobs/agent-jobs/blob/main/docs/errors.md#${code}`,
      },
    })
    // A person reads the same on standard error.
    expect(err).toContain(text)
  })

  it('name a misspelt option before what is missing', async () => {
    expect((await agentJobs('run', '--promt', 'Say hello')).err).toContain("unknown option '--promt'")
    expect((await agentJobs('cancel', '--grce', '5s')).err).toContain("unknown option '--grce'")
  })

  it('are not JSON without --json, nor after --', () => {
    expect(wantsJson(['run', '--', '--json'])).toBe(false)
    expect(wantsJson(['ps', '-o', 'json'])).toBe(true)
    expect(wantsJson(['ps', '-o', 'wide'])).toBe(false)
  })

  it('show a stack for a bug, which has no code', () => {
    expect(errorReport(new TypeError('x is not a function'))).toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/x is not a function[\s\S]*run-cli\.test/),
    })
  })
})

describe('agent-jobs explain', () => {
  it('explains every code that it lists', async () => {
    const { out } = await agentJobs('explain')
    for (const code of [...Object.keys(explanations), ...adapterErrors().keys()]) {
      expect(out).toContain(`  ${code} `)
      expect(await agentJobs('explain', code)).toMatchObject({ code: 0, out: expect.stringContaining(`#${code}\n`) })
    }
  })

  it('takes an outcome as --json spells it', async () => {
    expect((await agentJobs('explain', 'oomKilled')).out).toContain('--memory')
    expect(JSON.parse((await agentJobs('explain', 'imageError', '--json')).out)).toMatchObject({ code: 'image_error' })
  })

  it('explains a code of the Paperclip adapters, with the page that lists them', async () => {
    expect(await agentJobs('explain', 'k8s_concurrent_run_blocked')).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /Another run of the agent is in progress[^]*docs\/troubleshooting\.md#k8s_concurrent_run_blocked\n/,
      ),
    })
    expect((await agentJobs('explain', 'codex_login_missing')).out).toContain('Codex: ')
    expect((await agentJobs('explain', 'k8s_run_lots')).err).toContain('Did you mean k8s_run_lost?')
  })

  it('suggests the intended code for a typo', async () => {
    expect(await agentJobs('explain', 'image_eror')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean image_error?'),
    })
    expect((await agentJobs('explain', 'xyz')).err).not.toContain('Did you mean')
  })

  it('lists one JSON object per code', async () => {
    const lines = (await agentJobs('explain', '--json')).out.trim().split('\n')
    const codes = new Set([...Object.keys(explanations), ...adapterErrors().keys()])
    expect(lines.map((line) => JSON.parse(line).code).toSorted()).toEqual([...codes].toSorted())
  })
})

describe('agent-jobs help', () => {
  it.each(Object.keys(helpTopics))('has the topic %s', async (topic) => {
    expect(await agentJobs('help', topic)).toEqual({ code: 0, out: helpTopics[topic], err: '' })
  })

  it('shows the help of a command, and of all', async () => {
    expect((await agentJobs('help', 'logs')).out).toContain('Usage: agent-jobs logs')
    expect((await agentJobs('help')).out).toContain('Usage: agent-jobs COMMAND')
    expect(await agentJobs('help', 'lgs')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean logs?'),
    })
  })
})

describe('--no-color', () => {
  it('removes colours, wherever it is placed', async () => {
    for (const args of [
      ['explain', 'usage', '--no-color'],
      ['--no-color', 'explain', 'usage'],
    ]) {
      const terminal = fakeTerminal({ colours: true })
      expect(await runCli(args, terminal)).toBe(0)
      expect(terminal.stdout()).toMatch(/^usage\n/)
    }
    const coloured = fakeTerminal({ colours: true })
    await runCli(['explain', 'usage'], coloured)
    expect(coloured.stdout()).toMatch(/^\S+usage\S+\n/)
  })
})
