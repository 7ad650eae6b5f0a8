import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { githubBrokerEnvironment } from '@paperclipai/adapter-utils/github-launcher'
import { describe, expect, it } from 'vitest'
import { leaveOutHostGit } from './host-git.ts'

const ada = { id: '1b4e28ba', name: 'Ada' }
const managed = (input: Record<string, string> = {}): Record<string, string> =>
  githubBrokerEnvironment(input, { url: 'http://127.0.0.1:3100', token: 'capability' })

describe("Paperclip's git variables of its own host", () => {
  it('leave nothing behind but a name to commit under', () => {
    const variables = managed({ LANG: 'C' })
    leaveOutHostGit(variables, ada)
    expect(variables).toEqual({
      LANG: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: '1b4e28ba@agents.invalid',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: '1b4e28ba@agents.invalid',
    })
  })

  it('do not touch what someone has set, nor an environment that Paperclip does not manage', () => {
    const own = { PAPERCLIP_GITHUB_AUTH_MODE: 'user', GITHUB_TOKEN: 'of-the-user', GIT_AUTHOR_NAME: 'Bob' }
    leaveOutHostGit(own, ada)
    expect(own).toEqual({ GITHUB_TOKEN: 'of-the-user', GIT_AUTHOR_NAME: 'Bob' })
    const unmanaged = { GIT_AUTHOR_NAME: '', GIT_CONFIG_GLOBAL: '/dev/null' }
    leaveOutHostGit(unmanaged, ada)
    expect(unmanaged).toEqual({ GIT_AUTHOR_NAME: '', GIT_CONFIG_GLOBAL: '/dev/null' })
  })

  it('let git commit', () => {
    const folder = mkdtempSync(join(tmpdir(), 'host-git-'))
    try {
      const variables = managed()
      const git = (...args: string[]) => {
        const env = { PATH: process.env['PATH'], HOME: folder, ...variables }
        return execFileSync('git', args, { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' })
      }
      git('init', '-q')
      expect(() => git('commit', '-q', '--allow-empty', '-m', 'x')).toThrow(/empty ident name/)
      leaveOutHostGit(variables, ada)
      git('commit', '-q', '--allow-empty', '-m', 'x')
      expect(git('log', '-1', '--format=%an <%ae>').trim()).toBe('Ada <1b4e28ba@agents.invalid>')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
