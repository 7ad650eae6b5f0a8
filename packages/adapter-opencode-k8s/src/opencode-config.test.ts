import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { opencodeConfig, translateMcpServer } from './opencode-config.ts'
import { opencodeSchema } from './opencode-settings.ts'

function configOf(settings: Record<string, unknown>, more: Partial<Parameters<typeof opencodeConfig>[0]> = {}) {
  return opencodeConfig({
    settings: requireSettings(opencodeSchema, settings),
    chosen: { model: null, provider: null },
    env: {},
    mcpServers: {},
    skillsDirectory: null,
    instructionsFile: null,
    ...more,
  })
}

const onOpenai = { chosen: { model: 'openai/gpt-5.5', provider: 'openai' } }

describe('the configuration', () => {
  it('asks no questions, shares nothing, updates nothing and takes no snapshot', () => {
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
    expect(configOf({ providerOptions: configured }, onOpenai).config['provider']).toEqual(configured)
    expect(configOf({ providerOptions: { other: {} } }, onOpenai).config['provider']).toEqual({
      other: {},
      openai: { options: { chunkTimeout: 240_000 } },
    })
    expect(configOf({ chunkTimeoutMs: 0 }, onOpenai).config).not.toHaveProperty('provider')
  })

  it('lets OpenCode ask for a model that its catalogue does not have', () => {
    const chosen = { model: 'openrouter/openai/gpt-oss-120b:nitro', provider: 'openrouter' }
    expect(configOf({ chunkTimeoutMs: 0 }, { chosen }).config['provider']).toEqual({
      openrouter: { options: {}, models: { 'openai/gpt-oss-120b:nitro': {} } },
    })
    expect(
      configOf({ chunkTimeoutMs: 0 }, { chosen: { model: 'typo/m', provider: 'typo' } }).config,
    ).not.toHaveProperty('provider')
    const env = { PAPERCLIP_OPENCODE_PROVIDERS: '{"eu":{"npm":"x","models":{"m":{"name":"M"}}}}' }
    const known = configOf({ chunkTimeoutMs: 0 }, { chosen: { model: 'eu/m', provider: 'eu' }, env })
    expect(known.config['provider']).toEqual({ eu: { npm: 'x', models: { m: { name: 'M' } } } })
  })

  it('compacts at the size that the user sets, by the limits of the model', () => {
    expect(configOf({ compactThreshold: 100_000 }, onOpenai).config).toMatchObject({
      compaction: { auto: true, reserved: 0 },
      provider: {
        openai: { models: { 'gpt-5.5': { limit: { context: 1_050_000, output: 128_000, input: 100_000 } } } },
      },
    })
    const chosen = { model: 'lab/m', provider: 'lab' }
    const models = { m: { name: 'M', limit: { context: 64_000, output: 8000 } }, other: {} }
    const config = { compactThreshold: 30_000, chunkTimeoutMs: 0, providerOptions: { lab: { npm: 'x', models } } }
    expect(configOf(config, { chosen }).config['provider']).toEqual({
      lab: {
        npm: 'x',
        options: {},
        models: { m: { name: 'M', limit: { context: 64_000, output: 8000, input: 30_000 } }, other: {} },
      },
    })
    expect(configOf({ compactThreshold: 30_000 }).config).not.toHaveProperty('compaction')
  })

  it.each([
    ['for a model with unknown limits', { compactThreshold: 30_000 }, '"providerOptions"'],
    ['below what OpenCode itself needs', { compactThreshold: 500 }, 'at least 20000'],
  ])('refuses to compact %s', (_what, settings, words) => {
    expect(() => configOf(settings, { chosen: { model: 'lab/m', provider: 'lab' } })).toThrow(words)
  })

  it('denies environment dumps also under the name that earlier adapters had for it', () => {
    const settings = { denyEnvironmentDump: false, envGuardPlugin: true }
    expect(configOf(settings).config).toMatchObject({ permission: { bash: { env: 'deny' } } })
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
    [
      { url: '${HOST}/x', headers: { Authorization: 'Bearer ${MY_TOKEN}' } },
      { type: 'remote', url: '{env:HOST}/x', enabled: true, headers: { Authorization: 'Bearer {env:MY_TOKEN}' } },
    ],
    [
      { command: 'run', args: ['--key', '${KEY}'], env: { A: '${B}' } },
      { type: 'local', command: ['run', '--key', '{env:KEY}'], enabled: true, environment: { A: '{env:B}' } },
    ],
  ])('in the form %j is translated', (server, translated) => {
    expect(translateMcpServer(server)).toEqual(translated)
  })
})
