import { requireSettings } from '@agent-jobs/adapter-kit'
import { describe, expect, it } from 'vitest'
import { opencodeConfig, translateMcpServer } from './opencode-config.ts'
import { opencodeSchema } from './opencode-settings.ts'

function configOf(settings: Record<string, unknown>, more: Partial<Parameters<typeof opencodeConfig>[0]> = {}) {
  return opencodeConfig({
    settings: requireSettings(opencodeSchema, settings),
    provider: null,
    mcpServers: {},
    skillsDirectory: null,
    instructionsFile: null,
    ...more,
  })
}

describe('the configuration', () => {
  it('asks nobody, shares nothing, updates nothing and takes no snapshot', () => {
    expect(configOf({}).config).toMatchObject({
      autoupdate: false,
      share: 'disabled',
      snapshot: false,
      disabled_providers: ['opencode'],
      permission: { '*': 'allow', external_directory: 'allow', question: 'deny' },
    })
  })

  it('denies commands that print the environment, unless told otherwise', () => {
    expect(configOf({}).config).toMatchObject({
      permission: { bash: { '*': 'allow', env: 'deny', 'printenv *': 'deny' } },
    })
    expect(configOf({ denyEnvironmentDump: false }).config['permission']).toMatchObject({ bash: { '*': 'allow' } })
    expect(configOf({ denyEnvironmentDump: false }).config['permission']).not.toMatchObject({ bash: { env: 'deny' } })
  })

  it('gives the used provider a time-out without touching what the user configured', () => {
    const configured = { openai: { options: { baseURL: 'http://models', chunkTimeout: 5 } }, other: { name: 'Other' } }
    expect(configOf({ providerOptions: configured }, { provider: 'openai' }).config['provider']).toEqual(configured)
    expect(configOf({ providerOptions: { other: {} } }, { provider: 'openai' }).config['provider']).toEqual({
      other: {},
      openai: { options: { chunkTimeout: 240_000 } },
    })
    expect(configOf({ chunkTimeoutMs: 0 }, { provider: 'openai' }).config).not.toHaveProperty('provider')
  })

  it('names skills and instructions by their paths', () => {
    const paths = { skillsDirectory: '/b/.claude/skills', instructionsFile: '/b/agent-instructions.md' }
    expect(configOf({}, paths).config).toMatchObject({
      skills: { paths: ['/b/.claude/skills'] },
      instructions: ['/b/agent-instructions.md'],
    })
  })

  it('bounds the steps of the agent that runs', () => {
    expect(configOf({ maxStepsPerRun: 7 }).config).toMatchObject({ agent: { build: { steps: 7 } } })
    expect(configOf({ maxStepsPerRun: 7, agent: 'plan' }).config).toMatchObject({ agent: { plan: { steps: 7 } } })
  })

  it('leaves out an MCP server that it cannot read, and says so', () => {
    const { config, warnings } = configOf({}, { mcpServers: { odd: { name: 'x' }, good: { command: 'srv' } } })
    expect(config['mcp']).toEqual({ good: { type: 'local', command: ['srv'], enabled: true } })
    expect(warnings).toEqual([expect.stringContaining('"odd"')])
  })
})

describe('an MCP server', () => {
  it.each([
    [
      { command: 'npx', args: ['-y', 'srv'], env: { KEY: 'v' } },
      { type: 'local', command: ['npx', '-y', 'srv'], enabled: true, environment: { KEY: 'v' } },
    ],
    [
      { type: 'http', url: 'http://x/mcp', headers: { Authorization: 'Bearer t' } },
      { type: 'remote', url: 'http://x/mcp', enabled: true, headers: { Authorization: 'Bearer t' } },
    ],
    [
      { type: 'local', command: ['srv'], enabled: false },
      { type: 'local', command: ['srv'], enabled: false },
    ],
    [
      { type: 'remote', url: 'http://x' },
      { type: 'remote', url: 'http://x', enabled: true },
    ],
  ])('in the form %j is translated', (server, translated) => {
    expect(translateMcpServer(server)).toEqual(translated)
  })
})
