import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { agentEnv, type AgentEnvInput } from './agent-env.ts'
import { readRunContext } from '../plan/run-context.ts'

function envOf(overrides: Partial<AgentEnvInput> & { context?: Record<string, unknown> } = {}) {
  const { ctx } = paperclipContext({ context: overrides.context ?? {} })
  return agentEnv({
    ctx,
    run: readRunContext(ctx),
    inherited: { plain: {}, sensitive: {} },
    configured: undefined,
    forced: { HOME: '/paperclip' },
    cwd: '/paperclip/work',
    agentHome: null,
    scratch: '/tmp/run/scratch',
    runtimeTools: {},
    apiUrl: 'http://10.0.0.1:3100',
    ...overrides,
  })
}

describe("the agent's environment", () => {
  beforeEach(() => {
    vi.stubEnv('PAPERCLIP_API_URL', 'http://127.0.0.1:3100')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('says who runs, on what, and where Paperclip is for a pod', () => {
    const { plain } = envOf({ context: { wakeReason: 'comment', wakeCommentId: 'c-1', issueIds: ['a', '', 'b'] } })
    expect(plain).toMatchObject({
      PAPERCLIP_AGENT_ID: '1b4e28ba-2fa1-11d2-883f-0016d3cca427',
      PAPERCLIP_RUN_ID: '3fa85f64-5717-4562-b3fc-2c963f66afa6',
      PAPERCLIP_TASK_ID: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      PAPERCLIP_API_URL: 'http://10.0.0.1:3100',
      PAPERCLIP_WAKE_REASON: 'comment',
      HOME: '/paperclip',
    })
  })

  it('has the home that the run has for it, and temporary folders that are its own wherever they are', () => {
    const forced = { HOME: '/paperclip/home', TMPDIR: '/paperclip/runs/1/tmp' }
    const configured = { TMP: '/paperclip/instances/default/scratch', TEMP: '/paperclip/home/tmp' }
    const { plain, secret } = envOf({ agentHome: '/paperclip/agents/ada', forced, configured })
    expect({ ...plain, ...secret }).toMatchObject({
      AGENT_HOME: '/paperclip/agents/ada',
      TMPDIR: '/paperclip/runs/1/tmp',
    })
    expect({ ...plain, ...secret }).toMatchObject({ TEMP: '/paperclip/home/tmp' })
    expect({ ...plain, ...secret }).not.toHaveProperty('TMP')
  })

  it("keeps Paperclip's own tools out of the Job", () => {
    const runtimeTools = { PAPERCLIP_RUNTIME_TOOLS_TOKEN: 'abc', PAPERCLIP_RUNTIME_TOOLS_MCP_URL: 'http://x/mcp' }
    const { plain, secret } = envOf({ runtimeTools, configured: { PAPERCLIP_RUNTIME_TOOLS_TOKEN: 'mine' } })
    expect(secret).toMatchObject(runtimeTools)
    expect(JSON.stringify(plain)).not.toContain('RUNTIME_TOOLS')
  })

  it('keeps token, wake payload and the rest of the context out of the Job', () => {
    const { plain, secret } = envOf({
      context: {
        paperclipWake: { reason: 'comment', issue: { id: 'i', title: 'Secret plan' }, comments: [] },
        paperclipRuntimeServices: [{ url: 'http://x' }],
        issueIds: ['a'],
      },
    })
    expect(secret).toMatchObject({
      PAPERCLIP_API_KEY: 'run-token-0123456789',
      PAPERCLIP_RUNTIME_SERVICES_JSON: '[{"url":"http://x"}]',
      PAPERCLIP_LINKED_ISSUE_IDS: 'a',
    })
    expect(secret['PAPERCLIP_WAKE_PAYLOAD_JSON']).toContain('Secret plan')
    expect(JSON.stringify(plain)).not.toMatch(/Secret plan|run-token/)
  })

  it("leaves the token out when the launcher calls Paperclip, and exempts the loopback from a company's proxy", () => {
    const inherited = {
      plain: { HTTP_PROXY: 'http://proxy:3128', NO_PROXY: '.svc,10.0.0.0/8' },
      sensitive: { PAPERCLIP_API_KEY: 'of the server' },
    }
    const { plain, secret } = envOf({ proxied: true, inherited })
    expect({ ...plain, ...secret }).not.toHaveProperty('PAPERCLIP_API_KEY')
    expect({ ...plain, ...secret }).toMatchObject({
      NO_PROXY: '.svc,10.0.0.0/8,127.0.0.1',
      no_proxy: '.svc,10.0.0.0/8,127.0.0.1',
    })
    expect(envOf({ proxied: true }).plain).not.toHaveProperty('NO_PROXY')
    expect(envOf({ inherited }).plain).toMatchObject({ NO_PROXY: '.svc,10.0.0.0/8' })
  })

  it('puts every user value into the Secret, whatever its name', () => {
    const { plain, secret } = envOf({ configured: { COLOR: 'blue', N: 3, T: true, TZ: 'UTC' } })
    expect(secret).toMatchObject({ COLOR: 'blue', N: '3', T: 'true', TZ: 'UTC' })
    expect(plain).not.toHaveProperty('COLOR')
  })

  it('leaves out variables that point a shell to programs of the server host', () => {
    const wrappers = `${tmpdir()}/paperclip-github-runtime/run-1`
    const prepared = (path: string | undefined) => ({
      PATH: `${wrappers}:${path}`,
      BASH_ENV: `${wrappers}/.bashrc`,
      ZDOTDIR: wrappers,
      PAPERCLIP_GITHUB_LAUNCHER_DIR: wrappers,
      PAPERCLIP_GITHUB_AUTH_MODE: 'managed',
      PAPERCLIP_GIT_METADATA_ROOTS: '[]',
      PAPERCLIP_RUNNER_NETWORK_ACCESS: 'enabled',
      PAPERCLIP_RUNNER_NETWORK_ROOTS: '["/etc/hosts"]',
    })
    const { plain, secret } = envOf({ configured: prepared(process.env['PATH']) })
    for (const name of Object.keys(prepared(''))) expect({ ...plain, ...secret }).not.toHaveProperty(name)
    // The user's own stays.
    expect(envOf({ configured: prepared('/opt/tools:/usr/bin') }).secret['PATH']).toBe('/opt/tools:/usr/bin')
    expect(envOf({ configured: { PATH: '/opt/tools:/usr/bin' } }).secret['PATH']).toBe('/opt/tools:/usr/bin')
  })

  it('puts only locale, identity and places into the Job, whatever a secret is called', () => {
    const { plain } = envOf({
      inherited: { plain: { TZ: 'UTC' }, sensitive: { JWTSECRET: 's3cret', OPENAI_BASE_URL: 'http://gateway' } },
      forced: { HOME: '/paperclip', OWN: 's3cret' },
      apiUrl: 'http://user:s3cret@paperclip:3100',
    })
    expect(plain).toMatchObject({ TZ: 'UTC', HOME: '/paperclip' })
    expect(JSON.stringify(plain)).not.toMatch(/s3cret|gateway/)
  })

  it('layers inherited < Paperclip < configured < forced', () => {
    const { plain, secret } = envOf({
      inherited: {
        plain: { A: 'server', HOME: '/root', PAPERCLIP_RUN_ID: 'other' },
        sensitive: { ANTHROPIC_API_KEY: 'server-key' },
      },
      configured: { A: 'user', ANTHROPIC_API_KEY: 'user-key', HOME: '/user', CLAUDE_CONFIG_DIR: '/user/claude' },
      forced: { HOME: '/paperclip', CLAUDE_CONFIG_DIR: '/forced' },
    })
    expect({ ...plain, ...secret }).toMatchObject({
      A: 'user',
      ANTHROPIC_API_KEY: 'user-key',
      HOME: '/paperclip',
      CLAUDE_CONFIG_DIR: '/forced',
      PAPERCLIP_RUN_ID: '3fa85f64-5717-4562-b3fc-2c963f66afa6',
    })
  })

  it("never takes Paperclip's identity from the user", () => {
    const { plain, secret } = envOf({
      configured: { PAPERCLIP_API_KEY: 'stolen', PAPERCLIP_RUN_ID: 'x', PAPERCLIP_EXTRA: 'y' },
    })
    expect(secret['PAPERCLIP_API_KEY']).toBe('run-token-0123456789')
    expect(plain['PAPERCLIP_RUN_ID']).toBe('3fa85f64-5717-4562-b3fc-2c963f66afa6')
    expect(secret['PAPERCLIP_EXTRA']).toBe('y')
  })

  it('has the scratch folder that the prompt mentions, in the pod', () => {
    const configured = { PAPERCLIP_SCRATCH_DIR: '/var/tmp/run', PAPERCLIP_RUN_SCRATCH_DIR: '/var/tmp/run' }
    expect(envOf({ configured }).secret).toMatchObject({
      PAPERCLIP_SCRATCH_DIR: '/tmp/run/scratch',
      PAPERCLIP_RUN_SCRATCH_DIR: '/tmp/run/scratch',
    })
  })

  it("leaves out scratch folders of the server's own disk and keeps those on the volume", () => {
    const { plain, secret } = envOf({
      configured: { TMPDIR: '/var/tmp/run', PAPERCLIP_SCRATCH_DIR: '/paperclip/scratch', GH_CONFIG_DIR: '/root/gh' },
    })
    expect({ ...plain, ...secret }).not.toHaveProperty('TMPDIR')
    expect({ ...plain, ...secret }).not.toHaveProperty('GH_CONFIG_DIR')
    expect(secret['PAPERCLIP_SCRATCH_DIR']).toBe('/paperclip/scratch')
  })

  it('has no variable twice', () => {
    const { plain, secret } = envOf({
      inherited: { plain: { A: '1' }, sensitive: { A_TOKEN: 't' } },
      configured: { A: '2' },
    })
    expect(Object.keys(plain).filter((name) => name in secret)).toEqual([])
  })

  it('drops oversized variables and says so', () => {
    const { plain, secret, shed } = envOf({ configured: { BIG: 'x'.repeat(131_072), FITS: 'x'.repeat(131_066) } })
    expect(shed).toEqual([{ name: 'BIG', bytes: 131_072 }])
    expect(secret).not.toHaveProperty('BIG')
    expect(secret['FITS']).toHaveLength(131_066)
    expect(JSON.parse({ ...plain, ...secret }['PAPERCLIP_ENV_SHED_JSON'] ?? '')).toEqual([
      { name: 'BIG', bytes: 131_072 },
    ])
  })

  it.each([
    [{ 'A B': 'x' }, /"A B" is not a valid environment variable name/],
    [{ KEY: { type: 'secret_ref', secretId: 's' } }, /the value of KEY is an object.*must be resolved by Paperclip/],
  ])('refuses %j by name', (configured, message) => {
    expect(() => envOf({ configured })).toThrow(message)
  })
})
