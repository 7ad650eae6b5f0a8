import type { VolumeView } from '@agent-jobs/adapter-kit'
import { requireSettings } from '@agent-jobs/adapter-kit/settings'
import { describe, expect, it } from 'vitest'
import { bedrockModels, claudeModels, listClaudeModels, minimumVersion } from './claude-models.ts'
import { claudeSchema } from './claude-settings.ts'
import { configDirectory, findTranscript } from './config-directory.ts'
import { claudeBilling } from './provider.ts'

describe('who is paid', () => {
  it.each([
    [{ ANTHROPIC_API_KEY: 'k' }, 'anthropic', 'api'],
    [{ ANTHROPIC_API_KEY: null }, 'anthropic', 'api'],
    [{ ANTHROPIC_AUTH_TOKEN: 'k' }, 'anthropic', 'api'],
    [{ CLAUDE_CODE_OAUTH_TOKEN: 'k' }, 'anthropic', 'subscription'],
    [{}, 'anthropic', 'subscription'],
    [{ CLAUDE_CODE_USE_BEDROCK: 'true', ANTHROPIC_API_KEY: 'k' }, 'aws_bedrock', 'metered_api'],
    [{ ANTHROPIC_BEDROCK_BASE_URL: 'http://b' }, 'aws_bedrock', 'metered_api'],
    [{ CLAUDE_CODE_USE_VERTEX: '1' }, 'google_vertex', 'metered_api'],
    [{ CLAUDE_CODE_USE_BEDROCK: '0', ANTHROPIC_API_KEY: 'k' }, 'anthropic', 'api'],
  ])('is judged by what the agent sees: %j', (env, biller, billingType) => {
    expect(claudeBilling(env)).toEqual({ provider: 'anthropic', biller, billingType })
  })
})

/** A volume as a table of files. */
function volume(files: Record<string, number>, covered = true): VolumeView {
  return {
    covers: () => covered,
    size: async (path) => files[path] ?? null,
    names: async (path) => [
      ...new Set(
        Object.keys(files).flatMap((file) =>
          file.startsWith(`${path}/`) ? [file.slice(path.length + 1).split('/')[0] ?? ''] : [],
        ),
      ),
    ],
    text: async () => null,
  }
}

describe("Claude Code's own directory", () => {
  const at = (config: Record<string, unknown>, env: Record<string, string>, files: Record<string, number> = {}) =>
    configDirectory({
      settings: requireSettings(claudeSchema, config),
      env,
      volumeRoot: '/paperclip',
      companyHome: '/paperclip/home',
      stateDirectory: '/paperclip/state/a',
      volume: volume(files),
    })
  const login = { '/paperclip/.claude/.credentials.json': 10 }
  const companyLogin = { '/paperclip/home/.claude/.credentials.json': 10 }

  it.each([
    ["is the agent's own", {}, {}, {}, '/paperclip/state/a/claude'],
    ['is shared when someone logged in', {}, {}, login, '/paperclip/.claude'],
    ["is the company's when someone logged in there", {}, {}, { ...login, ...companyLogin }, '/paperclip/home/.claude'],
    ['is where the login is when the user shares it', { claudeConfigDir: 'shared' }, {}, login, '/paperclip/.claude'],
    ["is the agent's own when a key is configured", {}, { ANTHROPIC_API_KEY: 'k' }, login, '/paperclip/state/a/claude'],
    ['is what the user says', { claudeConfigDir: 'shared' }, {}, {}, '/paperclip/home/.claude'],
    ["is the agent's own when the user says so", { claudeConfigDir: 'agent' }, {}, login, '/paperclip/state/a/claude'],
    ['is the variable before all', { claudeConfigDir: 'shared' }, { CLAUDE_CONFIG_DIR: '/mine' }, login, '/mine'],
  ])('%s', async (_what, config, env, files, expected) => {
    expect(await at(config, env, files)).toBe(expected)
  })

  it.each([
    ['under the folder of the directory', { '/c/projects/-w-demo/s.jsonl': 9 }, 'present'],
    ['under any other folder', { '/c/projects/-elsewhere/s.jsonl': 9 }, 'present'],
    ['not when it is empty', { '/c/projects/-w-demo/s.jsonl': 0 }, 'absent'],
    ['not when it is not there', {}, 'absent'],
  ])('finds a transcript %s', async (_what, files, expected) => {
    expect(await findTranscript(volume(files), '/c', '/w/demo', 's')).toBe(expected)
  })

  it('does not guess when it cannot check', async () => {
    expect(await findTranscript(volume({}, false), '/c', '/w', 's')).toBe('unknown')
  })
})

describe('models', () => {
  const signal = AbortSignal.timeout(1000)
  const inImage = () => Promise.reject(new Error('The image is not asked.'))
  const answer =
    (body: unknown, status = 200): typeof fetch =>
    async () =>
      Response.json(body, { status })

  it('are the static ones without a key, and Bedrock ones on Bedrock', async () => {
    expect(await listClaudeModels({ env: {}, fetch: answer({}), signal, inImage })).toBe(claudeModels)
    expect(await listClaudeModels({ env: { CLAUDE_CODE_USE_BEDROCK: '1' }, fetch: answer({}), signal, inImage })).toBe(
      bedrockModels,
    )
  })

  it("are the provider's with a key, and the static ones after them", async () => {
    const body = { data: [{ id: 'claude-new', display_name: 'New' }, { id: 'opus' }, 'junk'] }
    const models = await listClaudeModels({ env: { ANTHROPIC_API_KEY: 'k' }, fetch: answer(body), signal, inImage })
    expect(models.slice(0, 2)).toEqual([
      { id: 'claude-new', label: 'New' },
      { id: 'opus', label: 'opus' },
    ])
    expect(models.filter(({ id }) => id === 'opus')).toHaveLength(1)
  })

  it('say when the provider refuses', async () => {
    await expect(
      listClaudeModels({ env: { ANTHROPIC_API_KEY: 'k' }, fetch: answer({}, 401), signal, inImage }),
    ).rejects.toThrow(/answered 401/)
  })
})

describe('the oldest Claude Code', () => {
  it.each([
    ['claude-fable-5-1', '2.1.251'],
    ['us.anthropic.claude-fable-5-1', '2.1.251'],
    ['opus', null],
    [undefined, null],
  ])('that takes %s is %s', (model, version) => {
    expect(minimumVersion(model)).toBe(version)
  })
})
