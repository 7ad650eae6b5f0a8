import { describe, expect, it } from 'vitest'
import { isPlain, isSourceAllowed, judgeInherited } from './env-policy.ts'

const builtIn = { allow: [], deny: [] }

describe('the rule for inherited variables', () => {
  it.each([
    'DATABASE_URL',
    'BETTER_AUTH_SECRET',
    'JWTSECRET',
    'JWT_SECRET',
    'MY_JWT_SECRET',
    'GITHUB_APP_PRIVATE_KEY',
    'GITHUB_CLIENT_SECRET',
    'GITHUB_TOKEN',
    'GH_TOKEN',
    'GOOGLE_CLIENT_SECRET',
    'GOOGLE_OAUTH_CLIENT_SECRET',
    'PGPASSWORD',
    'POSTGRES_PASSWORD',
    'REDIS_URL',
    'STRIPE_SECRET_KEY',
    'SMTP_PASSWORD',
    'SESSION_SECRET',
    'LINEAR_API_KEY',
    'S3_SECRET',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_ACCESS_KEY_ID',
    'AZURE_CLIENT_SECRET',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'WHATEVER',
  ])('holds %s back, because it is not on the list for agents', (name) => {
    expect(judgeInherited(name, builtIn, 'x')).toEqual({ keep: false, reason: 'not_listed' })
  })

  it.each([
    'PATH',
    'ZDOTDIR',
    'BASH_ENV',
    'NODE_ENV',
    'NODE_OPTIONS',
    'HOME',
    'HOSTNAME',
    'PORT',
    'KUBECONFIG',
    'KUBERNETES_SERVICE_HOST',
    'LD_PRELOAD',
    'OTEL_SERVICE_NAME',
    'OTEL_RESOURCE_ATTRIBUTES',
    'PAPERCLIP_GITHUB_AUTH_MODE',
    'PAPERCLIP_AGENT_JWT_SECRET',
    'PAPERCLIP_SECRETS_MASTER_KEY',
    'AGENT_JOBS_POLICY',
  ])('never passes on %s, which describes the server itself', (name) => {
    expect(judgeInherited(name, { allow: ['*', name], deny: [] }, 'x')).toEqual({
      keep: false,
      reason: 'of_the_server',
    })
  })

  it.each([
    'AWS_ROLE_ARN',
    'AWS_ROLE_SESSION_NAME',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    'AZURE_CLIENT_ID',
    'AZURE_TENANT_ID',
    'AZURE_FEDERATED_TOKEN_FILE',
    'AZURE_AUTHORITY_HOST',
  ])("never passes on %s, the server's identity at its cloud", (name) => {
    expect(judgeInherited(name, { allow: ['*'], deny: [] }, 'x')).toEqual({ keep: false, reason: 'cloud_identity' })
  })

  it.each([
    ['ANTHROPIC_API_KEY', 'sk-ant-1', true],
    ['ANTHROPIC_BASE_URL', 'http://gateway', false],
    ['CLAUDE_CODE_OAUTH_TOKEN', 'x', true],
    ['OPENAI_API_KEY', 'x', true],
    ['AWS_REGION', 'eu-central-1', false],
    ['AWS_BEARER_TOKEN_BEDROCK', 'x', true],
    ['HTTPS_PROXY', 'http://proxy:3128', false],
    ['PAPERCLIP_OPENCODE_PROVIDERS', '{}', true],
    ['PAPERCLIP_OPENCODE_SMALL_MODEL', 'a/b', false],
    ['HTTPS_PROXY', 'http://user:pw@proxy:3128', true],
    ['TZ', 'Europe/Berlin', false],
    ['NODE_EXTRA_CA_CERTS', '/ca.pem', false],
  ])('lets %s=%s through', (name, value, sensitive) => {
    expect(judgeInherited(name, builtIn, value)).toEqual({ keep: true, sensitive })
  })

  it('gives static credentials of AWS only where the server uses Bedrock', () => {
    expect(judgeInherited('AWS_SECRET_ACCESS_KEY', builtIn, 'x', { bedrock: true })).toMatchObject({ keep: true })
    expect(judgeInherited('AWS_ROLE_ARN', builtIn, 'x', { bedrock: true })).toMatchObject({ keep: false })
  })

  it('holds back a database behind the name of a provider', () => {
    expect(judgeInherited('OPENAI_STORE', builtIn, 'postgres://u:p@db/x')).toEqual({
      keep: false,
      reason: 'not_listed',
    })
  })

  it('takes additions and denials, and denials win', () => {
    expect(judgeInherited('SLACK_TOKEN', { allow: ['SLACK_*'], deny: [] })).toEqual({ keep: true, sensitive: true })
    expect(judgeInherited('SLACK_TOKEN', { allow: ['SLACK_*'], deny: ['*_TOKEN'] })).toEqual({
      keep: false,
      reason: 'denied',
    })
    expect(judgeInherited('ANTHROPIC_API_KEY', { allow: [], deny: ['*'] })).toEqual({ keep: false, reason: 'denied' })
  })

  it('allows a whole source by its kind and name, never by a pattern for variables', () => {
    expect(isSourceAllowed('secret/agents', ['secret/agents'])).toBe(true)
    expect(isSourceAllowed('secret/agents', ['secret/*'])).toBe(true)
    expect(isSourceAllowed('secret/agents', ['*'])).toBe(false)
  })
})

describe('what may be part of a Job', () => {
  it.each([
    ['TZ', 'Europe/Berlin', true],
    ['LC_ALL', 'C', true],
    ['NO_PROXY', 'localhost', true],
    ['HTTPS_PROXY', 'http://proxy', false],
    ['ANTHROPIC_BASE_URL', 'http://gateway', false],
    ['JWTSECRET', 'x', false],
    ['TZ', 'https://u:p@host', false],
  ])('%s=%s: %s', (name, value, expected) => {
    expect(isPlain(name, value)).toBe(expected)
  })
})
