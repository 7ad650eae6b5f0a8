import { describe, expect, it } from 'vitest'
import { isSensitive, judgeInherited, matchesAny } from './env-policy.ts'

const open = { allow: [], deny: [] }

describe('the rule for inherited variables', () => {
  it.each([
    'DATABASE_URL',
    'PAPERCLIP_AGENT_JWT_SECRET',
    'PAPERCLIP_SECRETS_MASTER_KEY',
    'PAPERCLIP_HOME',
    'BETTER_AUTH_SECRET',
    'BETTER_AUTH_URL',
    'JWT_SECRET',
    'MY_JWT_SECRET',
    'GITHUB_APP_PRIVATE_KEY',
    'GITHUB_APP_ID',
    'GITHUB_CLIENT_SECRET',
    'GOOGLE_OAUTH_CLIENT_SECRET_BACKUP_DATABASE_URL',
    'PGPASSWORD',
    'POSTGRES_PASSWORD',
    'REDIS_URL',
    'STRIPE_SECRET_KEY',
    'SMTP_PASSWORD',
    'SESSION_SECRET',
    'NODE_OPTIONS',
    'HOSTNAME',
    'PORT',
    'KUBECONFIG',
  ])('holds %s back', (name) => {
    const verdict = judgeInherited(name, open, 'x')
    // Google's own variables are made for agents, whatever else their name says.
    expect(verdict.keep).toBe(name.startsWith('GOOGLE_'))
  })

  it.each([
    ['ANTHROPIC_API_KEY', 'sk-ant-1', true],
    ['ANTHROPIC_BASE_URL', 'http://gateway', false],
    ['CLAUDE_CODE_OAUTH_TOKEN', 'x', true],
    ['AWS_SECRET_ACCESS_KEY', 'x', true],
    ['AWS_REGION', 'eu-central-1', false],
    ['GITHUB_TOKEN', 'x', true],
    ['LINEAR_API_KEY', 'x', true],
    ['HTTPS_PROXY', 'http://proxy:3128', false],
    ['PAPERCLIP_OPENCODE_PROVIDERS', '{}', true],
    ['PAPERCLIP_OPENCODE_SMALL_MODEL', 'a/b', false],
    ['HTTPS_PROXY', 'http://user:pw@proxy:3128', true],
    ['TZ', 'Europe/Berlin', false],
    ['NODE_ENV', 'production', false],
  ])('lets %s=%s through', (name, value, sensitive) => {
    expect(judgeInherited(name, open, value)).toEqual({ keep: true, sensitive })
  })

  it('holds back a database hidden behind a harmless name', () => {
    expect(judgeInherited('STORE', open, 'postgres://u:p@db/x')).toEqual({ keep: false, reason: 'server_only' })
  })

  it('lets the user allow and deny, and deny wins', () => {
    expect(judgeInherited('SLACK_TOKEN', { allow: ['SLACK_*'], deny: [] })).toEqual({ keep: true, sensitive: true })
    expect(judgeInherited('SLACK_TOKEN', { allow: ['SLACK_*'], deny: ['*_TOKEN'] })).toEqual({
      keep: false,
      reason: 'denied',
    })
    expect(judgeInherited('ANTHROPIC_API_KEY', { allow: [], deny: ['*'] })).toEqual({ keep: false, reason: 'denied' })
  })

  it('takes dots in a glob as dots', () => {
    expect(matchesAny('aXb', ['a.b'])).toBe(false)
    expect(matchesAny('a.b', ['a.b'])).toBe(true)
  })
})

describe('sensitive names and values', () => {
  it.each(['API_KEY', 'MY_TOKEN', 'DB_PASSWORD', 'X_SECRET_Y', 'ANTHROPIC_CUSTOM_HEADERS', 'private_key'])(
    'sees %s',
    (name) => {
      expect(isSensitive(name)).toBe(true)
    },
  )

  it.each(['MONKEY', 'KEYBOARD', 'TOKENIZER_PATH', 'PATH', 'CLAUDE_CODE_MAX_OUTPUT'])('does not see %s', (name) => {
    expect(isSensitive(name)).toBe(false)
  })

  it.each(['-----BEGIN RSA PRIVATE KEY-----', 'https://u:p@host', 'ghp_abcdefghijklmnopqrstu'])(
    'sees a secret by its value',
    (value) => {
      expect(isSensitive('HARMLESS', value)).toBe(true)
    },
  )
})
