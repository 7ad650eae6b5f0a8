import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, hasOpenssl, type TestAuthority } from '../../test/certificates.ts'
import { startTlsApi, type SeenIdentity, type TlsApi } from '../../test/tls-api.ts'
import { createKubeClient } from '../kube-client.ts'
import { loadKubeConfig } from './load-kube-config.ts'

const run = promisify(execFile)
const hasKubectl = await run('kubectl', ['version', '--client']).then(
  () => true,
  () => false,
)

type Files = Readonly<Record<string, unknown>>

/** The result of a request: the identity that the server saw, or that none was sent. */
type Sight = SeenIdentity | 'nothing was sent'

describe.skipIf(!hasKubectl || !hasOpenssl())('a request as kubectl sends it (needs kubectl and openssl)', () => {
  let authority: TestAuthority
  let api: TlsApi
  let home = ''
  let count = 0

  beforeAll(async () => {
    authority = createAuthority()
    authority.sign('alice', '/CN=alice')
    authority.sign('bob', '/CN=bob')
    api = await startTlsApi(authority)
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
    authority[Symbol.dispose]()
  })

  /** Writes files into a new home; objects become JSON, which is YAML. */
  function place(files: Files): void {
    home = authority.file(`home-${(count += 1)}`)
    for (const [name, content] of Object.entries(files)) {
      const file = join(home, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
      if (name.endsWith('.sh')) chmodSync(file, 0o755)
    }
  }

  const cluster = (more: object = {}) => ({
    server: api.url,
    'certificate-authority-data': authority.base64('ca.crt'),
    ...more,
  })

  /** A kubeconfig with one context. */
  const config = (
    user: object,
    { where = cluster(), context = {}, ...more }: Record<string, object | string> = {},
  ) => ({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: where }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...(context as object) } }],
    'current-context': 'x',
    ...more,
  })

  async function sightOf(send: () => Promise<unknown>): Promise<Sight> {
    const before = api.seen.length
    try {
      await send()
    } catch {
      // The messages differ; whether anything was sent does not.
    }
    return api.seen[before] ?? 'nothing was sent'
  }

  async function both(
    files: Files,
    { KUBECONFIG, args = {} }: { KUBECONFIG?: string; args?: { context?: string; path?: string } } = {},
  ) {
    place(files)
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      ...(KUBECONFIG === undefined ? {} : { KUBECONFIG: KUBECONFIG.replaceAll('~', home) }),
    }
    const flags = [
      ...(args.context === undefined ? [] : ['--context', args.context]),
      ...(args.path === undefined ? [] : ['--kubeconfig', args.path.replaceAll('~', home)]),
    ]
    const theirs = await sightOf(() => {
      const started = run('kubectl', ['get', '--raw', '/probe', ...flags], { env, cwd: home })
      // It asks for a name and a password if there are none.
      started.child.stdin?.end()
      return started
    })
    const ours = await sightOf(async () => {
      const kubeConfig = loadKubeConfig({ ...args, ...(args.path && { path: args.path.replaceAll('~', home) }), env })
      const client = createKubeClient({ kubeConfig, retry: { attempts: 1 } })
      try {
        await client.request({ method: 'GET', path: '/probe' })
      } finally {
        await client.close()
      }
    })
    return { theirs, ours }
  }

  const nothing: Sight = 'nothing was sent'
  const token = (value: string): Sight => ({ authorization: `Bearer ${value}`, certificate: null, impersonates: {} })
  const withoutCredentials = { authorization: null, certificate: null, impersonates: {} }
  const certificate = (name: string): Sight => ({ ...withoutCredentials, certificate: name })

  const plugin = (script: string) => `#!/bin/sh\n${script}\n`
  const credential = (status: string) =>
    `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}'`
  const exec = (more: object) => ({
    exec: { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', ...more },
  })

  it.each<[string, () => [Files, Parameters<typeof both>[1]?], Sight | (() => Sight)]>([
    ['from ~/.kube/config', () => [{ '.kube/config': config({ token: 'home' }) }], token('home')],
    [
      'with the file of --kubeconfig before KUBECONFIG',
      () => [
        { a: config({ token: 'a' }), b: config({ token: 'b' }) },
        { KUBECONFIG: '~/a', args: { path: '~/b' } },
      ],
      token('b'),
    ],
    [
      'with nothing for a --kubeconfig that does not exist',
      () => [{ a: config({ token: 'a' }) }, { KUBECONFIG: '~/a', args: { path: '~/absent' } }],
      nothing,
    ],
    [
      'with the first of two users of one name, and nothing of the second',
      () => [{ a: config({ token: 'a' }), b: config({ token: 'b', as: 'root' }) }, { KUBECONFIG: '~/a:~/b' }],
      token('a'),
    ],
    [
      'with the context of the first file that has one',
      () => [
        {
          a: { ...config({ token: 'a' }), 'current-context': '' },
          b: {
            users: [{ name: 'v', user: { token: 'b' } }],
            contexts: [{ name: 'y', context: { cluster: 'c', user: 'v' } }],
            'current-context': 'y',
          },
        },
        { KUBECONFIG: '~/a:~/b' },
      ],
      token('b'),
    ],
    [
      'when files are missing, empty or listed twice',
      () => [
        { a: config({ token: 'a' }), empty: '', spaces: '\n# nothing\n' },
        { KUBECONFIG: '~/absent:~/empty::~/spaces:~/a:~/a' },
      ],
      token('a'),
    ],
    [
      'with nothing when a file is not YAML',
      () => [{ a: config({ token: 'a' }), b: 'users: [' }, { KUBECONFIG: '~/a:~/b' }],
      nothing,
    ],
    [
      'when an entry that is not used is broken',
      () => [
        {
          '.kube/config': {
            ...config({ token: 'a' }),
            users: [
              { name: 'broken', user: { exec: { apiVersion: 'v9', command: '' }, token: 'x' } },
              { name: 'u', user: { token: 'a' } },
            ],
          },
        },
      ],
      token('a'),
    ],
    [
      'with nothing when one file has two users of one name',
      () => [
        {
          '.kube/config': config(
            {},
            {
              users: [
                { name: 'u', user: { token: '1' } },
                { name: 'u', user: { token: '2' } },
              ] as object,
            },
          ),
        },
      ],
      nothing,
    ],
    [
      'with nothing for a context that does not exist',
      () => [{ '.kube/config': config({ token: 'a' }) }, { args: { context: 'absent' } }],
      nothing,
    ],
    [
      'without TLS, so with nothing to this server, when the address has no scheme',
      () => [
        { '.kube/config': config({ token: 'a' }, { where: cluster({ server: api.url.replace('https://', '') }) }) },
      ],
      nothing,
    ],
    [
      'with certificates in files beside the kubeconfig',
      () => [
        {
          'sub/config': config(
            { 'client-certificate': 'alice.crt', 'client-key': 'alice.key' },
            { where: { server: api.url, 'certificate-authority': '../ca.crt' } },
          ),
          'sub/alice.crt': authority.text('alice.crt'),
          'sub/alice.key': authority.text('alice.key'),
          'ca.crt': authority.text('ca.crt'),
        },
        { KUBECONFIG: '~/sub/config' },
      ],
      certificate('alice'),
    ],
    [
      'with nothing when the key belongs to another certificate',
      () => [
        {
          '.kube/config': config({
            'client-certificate-data': authority.base64('alice.crt'),
            'client-key-data': authority.base64('bob.key'),
          }),
        },
      ],
      nothing,
    ],
    [
      'with a token file beside the kubeconfig',
      () => [{ '.kube/config': config({ tokenFile: 'token' }), '.kube/token': 'filed\n' }],
      token('filed'),
    ],
    [
      'with the token file before the token',
      () => [{ '.kube/config': config({ token: 'inline', tokenFile: 'token' }), '.kube/token': 'filed' }],
      token('filed'),
    ],
    [
      'with nothing for a token file that does not exist',
      () => [{ '.kube/config': config({ tokenFile: 'absent' }) }],
      nothing,
    ],
    [
      'with name and password',
      () => [{ '.kube/config': config({ username: 'me', password: 'p' }) }],
      { ...withoutCredentials, authorization: `Basic ${btoa('me:p')}` },
    ],
    [
      'with nothing for a token and a password',
      () => [{ '.kube/config': config({ token: 't', username: 'me', password: 'p' }) }],
      nothing,
    ],
    [
      'impersonating another user, with uid, groups and extra fields',
      () => [
        {
          '.kube/config': config({
            token: 't',
            as: 'jörg',
            'as-uid': '42',
            'as-groups': ['g1', 'g2'],
            'as-user-extra': { 'acme.com/Project': ['p1', 'p2'], 'sp ace%': ['v'] },
          }),
        },
      ],
      () => ({
        ...(token('t') as SeenIdentity),
        impersonates: {
          'impersonate-user': [Buffer.from('jörg').toString('latin1')],
          'impersonate-uid': ['42'],
          'impersonate-group': ['g1', 'g2'],
          'impersonate-extra-acme.com%2fproject': ['p1', 'p2'],
          'impersonate-extra-sp%20ace%25': ['v'],
        },
      }),
    ],
    [
      'with nothing for groups without a user',
      () => [{ '.kube/config': config({ token: 't', 'as-groups': ['g'] }) }],
      nothing,
    ],
    [
      'with the token of a plugin beside the kubeconfig',
      () => [
        {
          '.kube/config': config(
            exec({ command: './bin/plugin.sh', args: ['one'], env: [{ name: 'TWO', value: 'two' }] }),
          ),
          '.kube/bin/plugin.sh': plugin(credential('{"token":"'.concat(`'"$1-$TWO"'`, '"}'))),
        },
      ],
      token('one-two'),
    ],
    [
      'with the certificate of a plugin',
      () => [
        {
          '.kube/config': config(exec({ command: './plugin.sh' })),
          '.kube/plugin.sh': plugin(
            `cat <<'END'\n${JSON.stringify({
              apiVersion: 'client.authentication.k8s.io/v1',
              kind: 'ExecCredential',
              status: { clientCertificateData: authority.text('bob.crt'), clientKeyData: authority.text('bob.key') },
            })}\nEND`,
          ),
        },
      ],
      certificate('bob'),
    ],
    [
      'with the cluster information given to a plugin',
      () => [
        {
          '.kube/config': config(exec({ command: './plugin.sh', provideClusterInfo: true }), {
            where: cluster({
              extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'mine' } }],
            }),
          }),
          '.kube/plugin.sh': plugin(
            `case "$KUBERNETES_EXEC_INFO" in *'"audience":"mine"'*) t=told;; *) t=untold;; esac\n${credential(`{"token":"'"$t"'"}`)}`,
          ),
        },
      ],
      token('told'),
    ],
    [
      'with nothing when a plugin prints another version',
      () => [
        {
          '.kube/config': config(exec({ command: './plugin.sh' })),
          '.kube/plugin.sh': plugin(credential('{"token":"t"}').replace('/v1"', '/v1beta1"')),
        },
      ],
      nothing,
    ],
    [
      'with nothing when a plugin gives nothing',
      () => [{ '.kube/config': config(exec({ command: './plugin.sh' })), '.kube/plugin.sh': plugin(credential('{}')) }],
      nothing,
    ],
    [
      'with nothing when a plugin fails',
      () => [{ '.kube/config': config(exec({ command: './plugin.sh' })), '.kube/plugin.sh': plugin('exit 3') }],
      nothing,
    ],
    [
      'with nothing when a plugin is missing',
      () => [{ '.kube/config': config(exec({ command: 'absent-plugin' })) }],
      nothing,
    ],
    [
      'with nothing for a plugin that must ask questions',
      () => [
        {
          '.kube/config': config(exec({ command: './plugin.sh', interactiveMode: 'Always' })),
          '.kube/plugin.sh': plugin(credential('{"token":"t"}')),
        },
      ],
      nothing,
    ],
    [
      'with nothing for a plugin of a removed version',
      () => [
        {
          '.kube/config': config(exec({ apiVersion: 'client.authentication.k8s.io/v1alpha1', command: './plugin.sh' })),
          '.kube/plugin.sh': plugin(credential('{"token":"t"}')),
        },
      ],
      nothing,
    ],
    [
      'with nothing for a removed auth provider',
      () => [{ '.kube/config': config({ 'auth-provider': { name: 'gcp', config: {} } }) }],
      nothing,
    ],
    [
      'with nothing for a certificate authority beside a skipped check',
      () => [{ '.kube/config': config({ token: 't' }, { where: cluster({ 'insecure-skip-tls-verify': true }) }) }],
      nothing,
    ],
    [
      'with a skipped check',
      () => [
        { '.kube/config': config({ token: 't' }, { where: { server: api.url, 'insecure-skip-tls-verify': true } }) },
      ],
      token('t'),
    ],
    [
      'with nothing to a server with another name',
      () => [{ '.kube/config': config({ token: 't' }, { where: cluster({ 'tls-server-name': 'other.test' }) }) }],
      nothing,
    ],
  ])('%s', async (_what, files, expected) => {
    const { theirs, ours } = await both(...files())
    expect(theirs).toEqual(typeof expected === 'function' ? expected() : expected)
    expect(ours).toEqual(theirs)
  })

  it.each([
    ['a user that does not exist', { context: { user: 'absent' } }],
    ['a context without a user', { context: { user: '' } }],
    ['a user without credentials', {}],
  ])('is not sent for %s, where kubectl continues as the anonymous user', async (_what, more) => {
    const { theirs, ours } = await both({ '.kube/config': config({}, more) })
    expect(theirs).toEqual(withoutCredentials)
    expect(ours).toBe(nothing)
  })
})
