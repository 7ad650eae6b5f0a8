import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withoutManagedAiHome } from './managed-ai.ts'

describe("the variables of Paperclip's AI connections", () => {
  const home = join(tmpdir(), 'paperclip-ai-6fa459ea-0a1b2c')
  const folders = { HOME: home, XDG_CONFIG_HOME: `${home}/config`, CLAUDE_CONFIG_DIR: `${home}/provider` }

  it('reach the pod without the folders on the server', () => {
    const key = { ANTHROPIC_API_KEY: 'sk-ant-of-the-connection', OPENAI_API_KEY: '', LANG: 'C' }
    expect(withoutManagedAiHome({ ...folders, ...key })).toEqual(key)
    expect(withoutManagedAiHome({ ...folders, CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-x' })).toEqual({
      CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-x',
    })
  })

  it('are refused where the login is a file that the agent would have to renew', () => {
    const blank = { OPENAI_API_KEY: '', CODEX_HOME: `${home}/provider` }
    expect(() => withoutManagedAiHome({ ...folders, ...blank })).toThrow(
      expect.objectContaining({ code: 'ai_connection_unsupported' }),
    )
  })

  it('are not looked for in an environment of the user', () => {
    const own = { HOME: '/paperclip/home', CLAUDE_CONFIG_DIR: '/paperclip/claude' }
    expect(withoutManagedAiHome(own)).toBe(own)
    expect(withoutManagedAiHome(undefined)).toBeUndefined()
  })
})
