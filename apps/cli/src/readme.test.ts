import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { CliErrorCode } from './cli-error.ts'
import { createProgram } from './program.ts'
import { runCli } from './run-cli.ts'
import { fakeTerminal } from './testing/fake-terminal.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

describe('the README', () => {
  it('has an example that runs', { timeout: 60_000 }, async () => {
    const line = /```sh\nagent-jobs (.*)\n```/.exec(readme)?.[1] ?? ''
    const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
    const terminal = fakeTerminal()
    expect(await runCli(args, terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      outcome: 'succeeded',
      summary: expect.stringContaining('hello'),
    })
  })

  it('names every command and every option', () => {
    const program = createProgram(fakeTerminal(), () => undefined)
    for (const command of program.commands) {
      expect(readme).toContain(`\`${command.name()} `)
      for (const option of command.options) expect(readme).toContain(option.long)
    }
  })

  it('names every error code', () => {
    const codes = {
      usage: 1,
      file_unreadable: 1,
      kubeconfig_unusable: 1,
      agent_not_installed: 1,
      not_mini_kube: 1,
      port_taken: 1,
      no_namespace: 1,
    } satisfies Record<CliErrorCode, 1>
    for (const code of Object.keys(codes)) expect(readme).toMatch(new RegExp(`\\| \`${code}\` +\\|`))
  })
})
