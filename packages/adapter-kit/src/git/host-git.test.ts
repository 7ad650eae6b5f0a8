import { githubBrokerEnvironment } from '@paperclipai/adapter-utils/github-launcher'
import { describe, expect, it } from 'vitest'
import { leaveOutHostGit } from './host-git.ts'

const managed = (input: Record<string, string> = {}): Record<string, string> =>
  githubBrokerEnvironment(input, { url: 'http://127.0.0.1:3100', token: 'capability' })

describe("Paperclip's git variables of its own host", () => {
  it('leave nothing behind', () => {
    const variables = managed({ LANG: 'C' })
    leaveOutHostGit(variables)
    expect(variables).toEqual({
      LANG: 'C',
      GIT_TERMINAL_PROMPT: '0',
    })
  })

  it('do not touch what someone has set, nor an environment that Paperclip does not manage', () => {
    const own = { PAPERCLIP_GITHUB_AUTH_MODE: 'user', GITHUB_TOKEN: 'of-the-user', GIT_AUTHOR_NAME: 'Bob' }
    leaveOutHostGit(own)
    expect(own).toEqual({ GITHUB_TOKEN: 'of-the-user', GIT_AUTHOR_NAME: 'Bob' })
    const unmanaged = { GIT_AUTHOR_NAME: '', GIT_CONFIG_GLOBAL: '/dev/null' }
    leaveOutHostGit(unmanaged)
    expect(unmanaged).toEqual({ GIT_AUTHOR_NAME: '', GIT_CONFIG_GLOBAL: '/dev/null' })
  })
})
