import { describe, expect, it } from 'vitest'
import { hideCredentialForms, hasSensitiveForm, isSensitive } from './credentials.ts'

describe('isSensitive', () => {
  it.each([
    'ANTHROPIC_API_KEY',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'JWTSECRET',
    'PGPASSWORD',
    'DB_PASS',
    'GH_PAT',
    'HTTP_AUTHORIZATION',
    'SESSION_COOKIE',
    'SENTRY_DSN',
    'clientSecret',
    'accessKey',
    'X_SECRET_Y',
    'ANTHROPIC_CUSTOM_HEADERS',
    'private_key',
  ])('takes %s for a credential by its name', (name) => {
    expect(isSensitive(name, 'x')).toBe(true)
  })

  it.each([
    'KEYBOARD',
    'MONKEY',
    'TOKENIZER_PATH',
    'CLAUDE_CODE_MAX_OUTPUT',
    'AUTHOR',
    'COMPASS',
    'PATH',
    'PATTERN',
    'ANTHROPIC_BASE_URL',
    'TZ',
  ])('does not take %s for one', (name) => {
    expect(isSensitive(name, 'x')).toBe(false)
  })

  it('takes a value for one by its form, whatever the name', () => {
    expect(isSensitive('PROXY', 'http://user:pw@proxy:3128')).toBe(true)
    expect(isSensitive('HARMLESS', 'ghp_abcdefghijklmnopqrstu')).toBe(true)
    expect(hasSensitiveForm('-----BEGIN EC PRIVATE KEY-----\nx')).toBe(true)
    expect(hasSensitiveForm('http://proxy:3128')).toBe(false)
  })

  it('does not take the path of a credential for one', () => {
    expect(isSensitive('SSL_CERT_FILE', '/etc/ca.pem')).toBe(false)
    expect(isSensitive('GOOGLE_APPLICATION_CREDENTIALS', '/var/run/gcp/key.json')).toBe(false)
    expect(isSensitive('GOOGLE_APPLICATION_CREDENTIALS', '{"private_key":"x"}')).toBe(true)
    expect(isSensitive('API_KEY', '/base64+begins/so')).toBe(true)
  })
})

describe('hideCredentialForms', () => {
  it.each([
    `sk-ant-api03-${'a'.repeat(40)}`,
    `sk-proj-${'B1_'.repeat(20)}`,
    `ghp_${'c'.repeat(36)}`,
    `github_pat_${'d'.repeat(40)}`,
    `glpat-${'e'.repeat(20)}`,
    `xoxb-1234567890-${'f'.repeat(20)}`,
    'AKIAIOSFODNN7EXAMPLE',
    `AIza${'g'.repeat(35)}`,
    `eyJ${'h'.repeat(20)}.eyJ${'i'.repeat(20)}.${'j'.repeat(20)}`,
  ])('hides %s', (credential) => {
    expect(hideCredentialForms(`key=${credential}, then`)).toBe('key=***, then')
  })

  it('hides the password of a URL and the body of a private key', () => {
    expect(hideCredentialForms('https://me:p4ss@host/repo')).toBe('https://me:***@host/repo')
    const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----'
    expect(hideCredentialForms(key)).not.toContain('MIIEvQ')
  })

  it('leaves ordinary text alone', () => {
    const text = 'task-force risk-based ask-me https://host:8080/a@b git@github.com:me/repo AKIA npm_install'
    expect(hideCredentialForms(text)).toBe(text)
  })

  it('takes a time that grows with the text, not with its square', () => {
    const began = performance.now()
    for (const part of ['sk-', 'eyJaaaaaaaaaaa.', '://a:', '-----BEGIN PRIVATE KEY-----', 'xoxb-'])
      hideCredentialForms(part.repeat(200_000 / part.length))
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
