import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KubeError } from '../kube-error.ts'
import { currentContext } from './kube-config.ts'
import { loadKubeConfig, type LoadKubeConfigOptions } from './load-kube-config.ts'
import { parseKubeConfig } from './parse-kube-config.ts'

// What kubectl does with the same files is in kubectl-parity.test.ts; this file tests our messages.
let home = ''
const warnings: string[] = []

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kube-config-'))
  mkdirSync(join(home, '.kube'))
  warnings.length = 0
})
afterEach(() => rmSync(home, { recursive: true }))

const write = (name: string, content: unknown) => {
  writeFileSync(join(home, name), typeof content === 'string' ? content : JSON.stringify(content))
  return join(home, name)
}
const load = (options: Partial<LoadKubeConfigOptions> = {}) =>
  loadKubeConfig({ onWarning: (message) => warnings.push(message), ...options, env: { HOME: home, ...options.env } })

function failure(run: () => unknown): KubeError {
  try {
    run()
  } catch (error) {
    if (KubeError.isInstance(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const config = (parts: { cluster?: object; user?: object; context?: object } = {}) => ({
  clusters: [{ name: 'c', cluster: { server: 'https://kube.example', ...parts.cluster } }],
  users: [{ name: 'u', user: { token: 't', ...parts.user } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...parts.context } }],
  'current-context': 'x',
})

describe('loadKubeConfig', () => {
  it('keeps only the selected context', () => {
    const all = config({ context: { namespace: 'agents' } })
    all.users.push({ name: 'other', user: { token: 'other-token' } })
    write('.kube/config', all)
    const loaded = load()
    expect(JSON.stringify(loaded)).not.toContain('other-token')
    expect(currentContext(loaded)).toMatchObject({
      name: 'x',
      namespace: 'agents',
      cluster: { server: 'https://kube.example' },
      user: { token: 't' },
    })
  })

  it('lists the contexts when it is asked for one that does not exist', () => {
    write('.kube/config', config())
    expect(failure(() => load({ context: 'prod' }))).toMatchObject({
      code: 'kubeconfig_invalid',
      message: 'The kubeconfig has no context "prod". Its contexts: "x". Choose one of them.',
    })
    write('.kube/config', { ...config(), 'current-context': '' })
    expect(failure(() => load()).message).toContain('no current context. Its contexts: "x"')
  })

  it('takes the current context of the first file that has one', () => {
    const { 'current-context': _, ...without } = config()
    const [first, second] = [write('first', without), write('second', { 'current-context': 'x' })]
    expect(load({ env: { KUBECONFIG: `${first}:${second}` } }).currentContext).toBe('x')
    expect(failure(() => load({ env: { KUBECONFIG: first } })).message).toContain('has no current context')
  })

  it('names missing entries that a context refers to', () => {
    write('.kube/config', config({ context: { cluster: 'lost' } }))
    expect(failure(() => load()).message).toContain('names the cluster "lost", which is missing. Present: "c"')
    write('.kube/config', config({ context: { user: 'lost' } }))
    expect(failure(() => load()).message).toContain('names the user "lost", which is missing. Present: "u"')
    write('.kube/config', config({ context: { cluster: '' } }))
    expect(failure(() => load()).message).toContain('names no cluster')
  })

  it('says where it looked when no cluster is configured', () => {
    expect(failure(() => load())).toMatchObject({
      code: 'kubeconfig_missing',
      message: expect.stringContaining(join(home, '.kube/config')) as string,
    })
    expect(failure(() => load({ homeFile: false })).message).toContain('KUBECONFIG is not set')
  })

  it('does not read ~/.kube/config when that is disabled', () => {
    write('.kube/config', config())
    expect(failure(() => load({ homeFile: false })).code).toBe('kubeconfig_missing')
  })

  it('warns of a missing file of KUBECONFIG and of an unknown field, and continues', () => {
    const file = write('a', config({ user: { tokn: 'x' } }))
    load({ env: { KUBECONFIG: `${join(home, 'absent')}:${file}` } })
    expect(warnings).toEqual([
      `The file ${join(home, 'absent')} of KUBECONFIG does not exist.`,
      'The kubeconfig has the unknown field "tokn", which is ignored.',
    ])
  })

  it('refuses a user whose only credential has a misspelled name', () => {
    write('.kube/config', { ...config(), users: [{ name: 'u', user: { tokn: 'secret' } }] })
    const error = failure(() => load())
    expect(error.message).toContain('has no credentials, only unknown fields: "tokn"')
    expect(error.message).not.toContain('secret')
  })

  it('is the account of the pod where no file names a cluster', () => {
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443', POD_NAMESPACE: 'mine' }
    expect(currentContext(load({ env }))).toMatchObject({
      namespace: 'mine',
      cluster: { server: 'https://[fd00::1]:6443', caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' },
      user: { tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
    })
    write('.kube/config', config())
    expect(currentContext(load({ env }))?.cluster.server).toBe('https://kube.example')
  })

  it('takes the proxy of the kubeconfig, else that of the environment', () => {
    const env = { HTTPS_PROXY: 'http://proxy.example:3128' }
    write('.kube/config', config())
    expect(load({ env }).clusters[0]?.proxyUrl).toBe('http://proxy.example:3128')
    expect(load({ env: { ...env, NO_PROXY: 'kube.example' } }).clusters[0]?.proxyUrl).toBeUndefined()
    write('.kube/config', config({ cluster: { 'proxy-url': 'socks5://own.example' } }))
    expect(load({ env }).clusters[0]?.proxyUrl).toBe('socks5://own.example')
  })

  it('gives file and line of a syntax error', () => {
    const file = write('.kube/config', 'users:\n- name: u\n  user: {token: "secret\n')
    const { message } = failure(() => load())
    expect(message).toContain(file)
    expect(message).toMatch(/line \d/)
    expect(message).not.toContain('secret')
  })

  it('refuses a file that is too large', () => {
    write('.kube/config', ' '.repeat(16 * 1_048_576 + 1))
    expect(failure(() => load()).message).toContain('is larger than 16777216 bytes')
  })
})

describe('a field with a wrong value', () => {
  it.each<[string, Parameters<typeof config>[0], string]>([
    ['a number for a token', { user: { token: 12_345 } }, '`token` of user "u" in the text must be a string'],
    ['a text for a flag', { cluster: { 'insecure-skip-tls-verify': 'yes' } }, 'must be `true` or `false`'],
    [
      'a text for groups',
      { user: { as: 'a', 'as-groups': 'g' } },
      '`as-groups` of user "u" in the text must be a list',
    ],
    ['a text for exec', { user: { token: '', exec: 'aws' } }, '`exec` of user "u" in the text must be a mapping'],
    ['extra fields that are not lists', { user: { as: 'a', 'as-user-extra': { k: 'v' } } }, '`as-user-extra.k`'],
    ['no server', { cluster: { server: '' } }, 'has no `server`'],
    ['a server of another scheme', { cluster: { server: 'ftp://x' } }, 'must be an https:// address or host:port'],
    ['a server with a password in it', { cluster: { server: 'https://u:secret@x' } }, 'must not hold credentials'],
    ['a proxy of another scheme', { cluster: { 'proxy-url': 'ftp://x' } }, '`proxy-url` of cluster "c"'],
    ['a plugin without a command', { user: { token: '', exec: { apiVersion: 'v1' } } }, 'has no `command`'],
    [
      'an environment of a plugin that is not a list',
      { user: { token: '', exec: { command: 'x', env: [{ value: 'secret' }] } } },
      'Each entry of `exec.env`',
    ],
    ['an auth provider without a name', { user: { token: '', 'auth-provider': {} } }, '`auth-provider` of user "u"'],
    [
      'a token and a plugin',
      { user: { exec: { command: 'x' } } },
      'more than one way to authenticate: `token` and `exec`',
    ],
    ['a key without a certificate', { user: { 'client-key-data': 'eA==' } }, 'key without a certificate'],
    ['a uid without a user', { user: { 'as-uid': '1' } }, 'Set `as`'],
  ])('is named: %s', (_what, parts, expected) => {
    const error = failure(() =>
      parseKubeConfig(JSON.stringify(config(parts)), { trust: 'plugins', source: 'the text' }),
    )
    expect(error.code).toBe('kubeconfig_invalid')
    expect(error.message).toContain(expected)
    expect(error.message).not.toContain('secret')
  })

  it.each([
    ['a list', '[]', 'is not a kubeconfig: it has no fields'],
    ['a word', 'hello', 'is not a kubeconfig: it has no fields'],
    ['another kind', '{kind: Pod}', 'expected `apiVersion: v1` and `kind: Config`'],
    ['another version', '{apiVersion: v2}', 'expected `apiVersion: v1` and `kind: Config`'],
    ['users that are not a list', 'users: {}', '`users` in The kubeconfig must be a list'],
    [
      'a current context that is not a string',
      'current-context: 1',
      '`current-context` in The kubeconfig must be a string',
    ],
    [
      'two users of one name',
      'users: [{name: u}, {name: v}, {name: u}]',
      '`users` in The kubeconfig has two entries named "u"',
    ],
    ['an unknown alias', 'users: *secret', 'The kubeconfig is not valid YAML'],
    [
      'ten thousand aliases',
      `a: &a [1]\nb: [${Array.from({ length: 10_000 }, () => '*a').join(', ')}]`,
      'has too many aliases',
    ],
  ])('is named: a document that is %s', (_what, text, expected) => {
    expect(failure(() => parseKubeConfig(text)).message).toContain(expected)
    expect(failure(() => parseKubeConfig(text)).message).not.toContain('secret')
    expect(failure(() => parseKubeConfig(text)).code).toBe('kubeconfig_invalid')
  })
})

describe('parseKubeConfig', () => {
  const data = {
    cluster: { 'certificate-authority-data': 'eA==', 'tls-server-name': 'n' },
    user: { token: 't', as: 'other', 'client-certificate-data': 'eA==', 'client-key-data': 'eA==' },
    context: { namespace: 'agents' },
  }

  it('accepts data in a text that is trusted with data only', () => {
    const [user] = parseKubeConfig(JSON.stringify(config(data))).users
    expect(user).toMatchObject({ token: 't', impersonateUser: 'other', certData: 'eA==', keyData: 'eA==' })
  })

  it.each<[string, Parameters<typeof config>[0], 'paths' | 'plugins']>([
    ['certificate-authority', { cluster: { 'certificate-authority': '/ca' } }, 'paths'],
    ['insecure-skip-tls-verify', { cluster: { 'insecure-skip-tls-verify': true } }, 'paths'],
    ['proxy-url', { cluster: { 'proxy-url': 'http://p' } }, 'paths'],
    ['client-certificate', { user: { 'client-certificate': '/c', 'client-key-data': 'eA==' } }, 'paths'],
    ['client-key', { user: { 'client-key': '/k', 'client-certificate-data': 'eA==' } }, 'paths'],
    ['tokenFile', { user: { tokenFile: '/t' } }, 'paths'],
    ['exec', { user: { token: '', exec: { command: 'x' } } }, 'plugins'],
    ['auth-provider', { user: { token: '', 'auth-provider': { name: 'oidc' } } }, 'plugins'],
  ])('allows `%s` only to a text that is trusted with it', (field, parts, needs) => {
    const text = JSON.stringify(config(parts))
    for (const trust of ['data', 'paths', 'plugins'] as const) {
      let outcome = 'allowed'
      try {
        parseKubeConfig(text, { trust })
      } catch (error) {
        outcome = `${String(Reflect.get(Object(error), 'code'))}: ${String(error)}`
      }
      const isAllowed = trust === 'plugins' || trust === needs
      expect(outcome).toMatch(isAllowed ? /^allowed$/ : new RegExp(`^kubeconfig_refused: .*\`${field}\``))
    }
  })

  it('allows a skipped check for plain HTTP to this machine, which has no certificate', () => {
    const cluster = { server: 'http://127.0.0.1:8080', 'insecure-skip-tls-verify': true }
    expect(parseKubeConfig(JSON.stringify(config({ cluster }))).clusters[0]?.server).toBe('http://127.0.0.1:8080')
    const far = { server: 'http://kube.example', 'insecure-skip-tls-verify': true }
    expect(failure(() => parseKubeConfig(JSON.stringify(config({ cluster: far })))).code).toBe('kubeconfig_refused')
  })

  it('names every field that it refuses, its entry, and what to do', () => {
    const parts = { cluster: { 'certificate-authority': '/ca' }, user: { token: '', tokenFile: '/t' } }
    expect(failure(() => parseKubeConfig(JSON.stringify(config(parts)))).message).toBe(
      'This kubeconfig may hold data only, and these fields make the server read files, run programs or skip a check: `certificate-authority` of cluster "c", `tokenFile` of user "u". Put the certificate itself into `certificate-authority-data` (kubectl config view --raw --flatten).',
    )
  })

  it('accepts a context without a user, and entries without a name or with odd ones', () => {
    const odd = { ...config({ context: { user: '' } }), users: [null, 'u', {}, { name: 1 }, { name: 'u' }] }
    expect(parseKubeConfig(JSON.stringify(odd)).users).toEqual([])
    expect(parseKubeConfig(JSON.stringify({ ...odd, users: null })).users).toEqual([])
  })

  it('refuses a skipped check for TLS on this machine, too', () => {
    const cluster = { server: 'https://127.0.0.1:6443', 'insecure-skip-tls-verify': true }
    expect(failure(() => parseKubeConfig(JSON.stringify(config({ cluster })))).code).toBe('kubeconfig_refused')
  })

  it('refuses unknown fields of a text that is trusted with data only, as a later version may give them a meaning', () => {
    const text = JSON.stringify(config({ user: { 'read-file': '/etc/passwd' } }))
    expect(failure(() => parseKubeConfig(text)).message).toContain('not supported: `read-file`')
  })

  it('drops unused entries, whatever they contain', () => {
    const all = config()
    const unused = { name: 'v', user: { exec: { command: 'touch', args: ['/tmp/x'] } } }
    const text = JSON.stringify({ ...all, users: [...all.users, unused] })
    expect(parseKubeConfig(text).users).toHaveLength(1)
  })
})
