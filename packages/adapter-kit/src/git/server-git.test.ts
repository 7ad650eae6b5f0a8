import { describe, expect, it } from 'vitest'
import { withoutServerGit } from './server-git.ts'

describe("the server's own git credentials", () => {
  const server = {
    GITHUB_TOKEN: 'ghp_of-the-server',
    GIT_CONFIG_GLOBAL: '/home/server/.gitconfig',
    SSH_AUTH_SOCK: '/run/agent.sock',
    GIT_AUTHOR_NAME: 'Company bot',
  }
  const configured = { PAPERCLIP_GITHUB_AUTH_MODE: 'host', ...server, LINEAR_TOKEN: 'x' }

  it('do not reach agents by the variables that Paperclip copies from its own process', () => {
    expect(withoutServerGit({ configured, own: {}, server })).toEqual({
      env: { PAPERCLIP_GITHUB_AUTH_MODE: 'host', GIT_AUTHOR_NAME: 'Company bot', LINEAR_TOKEN: 'x' },
      withheld: ['GITHUB_TOKEN', 'GIT_CONFIG_GLOBAL', 'SSH_AUTH_SOCK'],
    })
  })

  it("are not taken for the user's: a token in the agent's settings is kept, also the server's own value", () => {
    const mine = { ...configured, GITHUB_TOKEN: 'ghp_of-the-user' }
    expect(withoutServerGit({ configured: mine, own: undefined, server }).env).toMatchObject({
      GITHUB_TOKEN: 'ghp_of-the-user',
    })
    const same = withoutServerGit({ configured, own: { GITHUB_TOKEN: { type: 'secret_ref' } }, server })
    expect(same.env).toMatchObject({ GITHUB_TOKEN: 'ghp_of-the-server' })
  })

  it('are not looked for where Paperclip copies none', () => {
    const managed = { ...configured, PAPERCLIP_GITHUB_AUTH_MODE: 'managed' }
    expect(withoutServerGit({ configured: managed, own: {}, server })).toEqual({ env: managed, withheld: [] })
    expect(withoutServerGit({ configured: undefined, own: {}, server })).toEqual({ env: undefined, withheld: [] })
  })
})
