import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { completionWords } from './completion-command.ts'
import { createProgram } from '../program.ts'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'

async function script(shell: string): Promise<string> {
  const terminal = fakeTerminal()
  expect(await runCli(['completion', shell], terminal)).toBe(0)
  return terminal.stdout()
}

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0

/** What bash offers for the last of the words. */
async function offered(...words: string[]): Promise<string[]> {
  const line = ['agent-jobs', ...words].map((word) => `'${word}'`).join(' ')
  // Replaces the program, whose names have a test of their own.
  const names =
    'agent-jobs() { case $2 in jobs) echo claude-1 claude-2 ;; namespaces) echo agents ;; contexts) echo prod ;; esac; }'
  const ask = `${names}; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _agent_jobs; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['--norc', '-c', `${await script('bash')}\n${ask}`], { encoding: 'utf8' })
  return out.split('\n').filter(Boolean)
}

describe('agent-jobs completion', () => {
  it.skipIf(!has('bash'))('completes commands, options and choices in bash (skipped without bash)', async () => {
    expect(await offered('r')).toEqual(expect.arrayContaining(['run', 'reap', 'rbac']))
    expect(await offered('run', '--pro')).toEqual(['--prompt', '--prompt-file'])
    expect(await offered('run', '--image', 'x', '--agent', 'o')).toEqual(['opencode'])
    expect(await offered('faults', '')).toEqual(['add', 'list', 'remove', '--help'])
    expect(await offered('faults', 'add', '--k')).toEqual(['--kubeconfig'])
    expect(await offered('parse', 'c')).toEqual(['claude', 'codex'])
    expect(await offered('logs', 'cla')).toEqual(['claude-1', 'claude-2'])
    expect(await offered('cancel', 'claude-1', 'claude-2')).toEqual(['claude-2'])
    expect(await offered('logs', '--ta')).toEqual(['--tail'])
    expect(await offered('ps', '-n', '')).toEqual(['agents'])
    expect(await offered('run', '--context', 'p')).toEqual(['prod'])
  })

  it.skipIf(!has('zsh'))('writes a script that zsh accepts (skipped without zsh)', async () => {
    expect(spawnSync('zsh', ['-n'], { input: await script('zsh') }).status).toBe(0)
  })

  it.skipIf(!has('fish'))('writes a file that fish accepts (skipped without fish)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cli-fish-'))
    try {
      writeFileSync(join(folder, 'agent-jobs.fish'), await script('fish'))
      expect(spawnSync('fish', ['--no-execute', join(folder, 'agent-jobs.fish')]).status).toBe(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.each(['bash', 'zsh', 'fish'])('knows every command and option in %s', async (shell) => {
    const text = await script(shell)
    for (const { path, words } of completionWords(createProgram(fakeTerminal(), () => undefined))) {
      for (const word of [...path.split(' '), ...words]) expect(text).toContain(word.replace(/^--/, ''))
    }
  })

  it('quotes nothing, since nothing needs it', () => {
    const all = completionWords(createProgram(fakeTerminal(), () => undefined))
    const words = all.flatMap((each) => each.words.concat(each.choices.flatMap((choice) => choice.words)))
    expect(words.filter((word) => !/^[a-z0-9-]+$/.test(word))).toEqual([])
  })

  it('refuses a shell that it does not know', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['completion', 'tcsh'], terminal)).toBe(2)
    expect(terminal.stderr()).toContain('Allowed choices are bash, zsh, fish')
  })
})
