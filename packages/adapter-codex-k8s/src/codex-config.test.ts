import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { codexConfig } from './codex-config.ts'
import { codexSchema } from './codex-settings.ts'

const config = (settings: Record<string, unknown> = {}, mcpServers = {}) =>
  codexConfig({ settings: requireSettings(codexSchema, settings), databases: '/run/db', mcpServers })

describe('the configuration of a run', () => {
  it('uses no network at the start, and gives up on a failing connection', () => {
    for (const line of [
      '"check_for_update_on_startup" = false',
      '"enabled" = false',
      '"plugins" = false',
      '"remote_plugin" = false',
      '"apps" = false',
      '"unbounded_connection_retries" = false',
      '"sqlite_home" = "/run/db"',
    ]) {
      expect(config().config).toContain(`${line}\n`)
    }
  })

  it.each([
    ['no_model_keys', '"exclude" = ["CODEX_API_KEY"'],
    ['no_secrets', '"ignore_default_excludes" = false'],
    ['all', '"ignore_default_excludes" = true\n'],
  ])('gives commands the environment %s', (commandEnvironment, line) => {
    expect(config({ commandEnvironment }).config).toContain(line)
    expect(config({ commandEnvironment: 'all' }).config).not.toContain('exclude" = [')
  })

  it('writes MCP servers as Codex wants them, required unless the settings say otherwise', () => {
    const servers = {
      local: { command: 'srv', args: ['-x', 7], env: { A: '${A}', B: 1 } },
      remote: { type: 'http', url: '${URL}/mcp', headers: { Authorization: 'Bearer ${T}' } },
      nothing: { type: 'http' },
    }
    const { config: text, warnings } = config({}, servers)
    expect(text).toContain('["mcp_servers"."local"]\n"command" = "srv"\n"args" = ["-x"]\n"required" = true')
    expect(text).toContain('["mcp_servers"."local"."env"]\n"A" = "${A}"')
    expect(text).toContain('"url" = "${URL}/mcp"\n"required" = true')
    expect(text).toContain('["mcp_servers"."remote"."http_headers"]\n"Authorization" = "Bearer ${T}"')
    expect(text).not.toContain('"B"')
    expect(warnings).toEqual(['MCP server "nothing" has neither `command` nor `url` and is left out.'])
    expect(config({ requireMcpServers: false }, servers).config).toContain('"required" = false')
  })
  it('leaves out the parts that an MCP server does not have', () => {
    const servers = { a: { url: 'http://a', headers: null }, b: { command: 'b', args: 'x', env: ['Y'] } }
    expect(config({}, servers).config).toContain(
      '["mcp_servers"."a"]\n"url" = "http://a"\n"required" = true\n' +
        '["mcp_servers"."b"]\n"command" = "b"\n"args" = []\n"required" = true\n',
    )
  })

  it('gives MCP servers names that Codex accepts, and no two the same', () => {
    const server = { command: 'srv' }
    const { config: text, notes } = config(
      {},
      {
        'Paperclip projects': server,
        Paperclip_projects: server,
        'Paperclip  projects': server,
        'a:b@c/d.e-f': server,
        é: server,
        '': server,
      },
    )
    const names = [...text.matchAll(/^\["mcp_servers"\."(.*)"\]$/gm)].map(([, name]) => name)
    expect(names).toEqual([
      'Paperclip_projects_2',
      'Paperclip_projects',
      'Paperclip_projects_3',
      'a:b@c/d.e-f',
      '_',
      '__2',
    ])
    expect(notes).toContain('MCP server "Paperclip projects" has the name "Paperclip_projects_2" in Codex.')
    expect(notes).toHaveLength(4)
  })
})
