import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { User } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configMap } from '../../test/events.ts'
import { json, startFakeApiServer, status, type Answer, type FakeApiServer } from '../../test/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts'
import { createKubeClient, type KubeClient } from '../kube-client.ts'
import { kinds } from '../resource-kind.ts'

let api: FakeApiServer
let clock: ManualClock
let folder: string
const open: KubeClient[] = []

function clientOf(user: Partial<User>): KubeClient {
  const client = createKubeClient({
    kubeConfig: api.kubeConfig(user),
    clock,
    random: () => 0.5,
    retry: { attempts: 1 },
  })
  open.push(client)
  return client
}

const get = (client: KubeClient) => client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns' })
const sentTokens = () => api.requests.map(({ headers }) => headers.authorization)

/** Accepts requests with this token. */
const letIn =
  (token: string): Answer =>
  (response, request) =>
    (request.headers.authorization === `Bearer ${token}`
      ? json(200, configMap('a', 1))
      : status(401, 'Unauthorized', 'Unauthorized'))(response, request)

/** A plugin that prints the current token and counts its calls. */
function plugin(expirationTimestamp?: string) {
  const [token, calls, program] = [join(folder, 'token'), join(folder, 'calls'), join(folder, 'plugin')]
  const stamp = expirationTimestamp === undefined ? '' : `,"expirationTimestamp":"${expirationTimestamp}"`
  writeFileSync(calls, '')
  const head = '"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"'
  writeFileSync(
    program,
    `#!/bin/sh\nprintf x >> '${calls}'\nprintf '{${head},"status":{"token":"%s"${stamp}}}' "$(cat '${token}')"\n`,
  )
  chmodSync(program, 0o755)
  return {
    user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: program } },
    issue: (value: string) => writeFileSync(token, value),
    calls: () => readFileSync(calls, 'utf8').length,
  }
}

beforeEach(async () => {
  api = await startFakeApiServer()
  clock = createManualClock()
  folder = mkdtempSync(join(tmpdir(), 'kube-api-'))
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()))
  await api[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

describe('an exec plugin', () => {
  it('runs once for a hundred concurrent calls', async () => {
    const { user, issue, calls } = plugin()
    issue('one')
    api.answer(letIn('one'))
    const client = clientOf(user)
    await Promise.all(Array.from({ length: 100 }, () => get(client)))
    expect(calls()).toBe(1)
  })

  it('runs again when the server refuses its token, once for all refused calls', async () => {
    const { user, issue, calls } = plugin()
    issue('one')
    api.answer(letIn('one'))
    const client = clientOf(user)
    await get(client)
    issue('two')
    api.answer(letIn('two'))
    await Promise.all(Array.from({ length: 20 }, () => get(client)))
    expect(calls()).toBe(2)
    expect(sentTokens().at(-1)).toBe('Bearer two')
  })

  it('whose new token is refused too leads to the 401', async () => {
    const { user, issue, calls } = plugin()
    issue('one')
    api.answer(letIn('no-user'))
    await expect(get(clientOf(user))).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    expect(api.requests).toHaveLength(2)
    expect(calls()).toBe(2)
  })

  it('runs again shortly before its token expires', async () => {
    const { user, issue, calls } = plugin(new Date(clock.now() + 60_000).toISOString())
    issue('one')
    api.answer(json(200, configMap('a', 1)))
    const client = clientOf(user)
    await get(client)
    clock.advance(45_000)
    await get(client)
    expect(calls()).toBe(1)
    clock.advance(6_000)
    await get(client)
    expect(calls()).toBe(2)
  })

  const script = (text: string, more: object = {}) => {
    const program = join(folder, 'script')
    writeFileSync(program, `#!/bin/sh\n${text}\n`)
    chmodSync(program, 0o755)
    return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: program, ...more } }
  }
  const prints = (output: object) => script(`cat <<'END'\n${JSON.stringify(output)}\nEND`)
  const complete = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' }

  it.each<[string, () => object, boolean, string]>([
    [
      'fails',
      () => script('echo "please log in first" >&2\nexit 3'),
      true,
      'failed with exit code 3: please log in first',
    ],
    ['is killed', () => script('kill -9 $$'), true, 'failed with signal SIGKILL'],
    ['prints no JSON', () => script('echo secret-token'), false, 'printed no JSON'],
    ['prints something else', () => prints({ kind: 'Pod' }), false, 'printed no ExecCredential'],
    [
      'prints another version',
      () => prints({ ...complete, apiVersion: 'client.authentication.k8s.io/v1beta1' }),
      false,
      'is configured for client.authentication.k8s.io/v1 and printed "client.authentication.k8s.io/v1beta1"',
    ],
    ['gives nothing', () => prints({ ...complete, status: {} }), false, 'gave neither a token nor a certificate'],
    [
      'gives half of a certificate',
      () => prints({ ...complete, status: { clientKeyData: 'x' } }),
      false,
      'gave a certificate or a key, but not both',
    ],
    [
      'gives an invalid expiry',
      () => prints({ ...complete, status: { token: 't', expirationTimestamp: 'soon' } }),
      false,
      'invalid `expirationTimestamp`',
    ],
    ['prints without end', () => script('yes'), false, 'printed more than 1 MiB'],
    ['asks questions', () => script('', { interactiveMode: 'Always' }), false, 'no terminal is available'],
    ['has an unknown mode', () => script('', { interactiveMode: 'Often' }), false, '`interactiveMode` must be one of'],
    [
      'has an unsupported version',
      () => script('', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }),
      false,
      '`apiVersion` "client.authentication.k8s.io/v1alpha1" is not supported',
    ],
    [
      'is not installed',
      () => script('', { command: join('/nowhere', 'helper'), installHint: 'Install it with: brew install helper\n' }),
      false,
      'exec plugin /nowhere/helper is not installed. Install it with: brew install helper.',
    ],
  ])('that %s causes an error that says so, and nothing is sent', async (_what, user, retryable, expected) => {
    const error: unknown = await get(clientOf(user())).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'credentials', retryable })
    expect(String(error)).toContain(expected)
    expect(String(error)).not.toContain('secret-token')
    expect(api.requests).toHaveLength(0)
  })

  it('reads nothing from the input of this process', async () => {
    api.answer(json(200, configMap('a', 1)))
    await get(
      clientOf(
        script(
          `[ "$(readlink /proc/self/fd/0)" = /dev/null ] || exit 9\ncat <<'END'\n${JSON.stringify({ ...complete, status: { token: 't' } })}\nEND`,
        ),
      ),
    )
    expect(sentTokens()).toEqual(['Bearer t'])
  })

  describe('that hangs', () => {
    // The shell waits for its child, which holds the pipe to us open.
    const hanging = () =>
      script(`echo $$ > '${join(folder, 'pid')}'\necho 'open https://login.example' >&2\nsleep 600; true`)
    async function started(): Promise<number> {
      for (;;) {
        const text = existsSync(join(folder, 'pid')) ? readFileSync(join(folder, 'pid'), 'utf8').trim() : ''
        if (text !== '') return Number(text)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const groupIsGone = async (group: number) => {
      for (;;) {
        try {
          process.kill(-group, 0)
        } catch {
          return true
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
    }

    it('delays a call by no more than its time limit', async () => {
      const client = clientOf(hanging())
      const failed = get(client).catch((error: unknown) => error)
      await clock.wakeSleeper(30_000, 30_000)
      expect(await failed).toMatchObject({
        code: 'credentials',
        retryable: true,
        maybeApplied: false,
        message: expect.stringContaining('did not come within 30000 ms') as string,
      })
    })

    it('is killed after a minute with everything it started, and the next call starts another', async () => {
      const client = clientOf(hanging())
      const failed = client.request({ method: 'GET', path: '/x', timeoutMs: 90_000 }).catch((error: unknown) => error)
      const group = await started()
      await clock.wakeSleeper(60_000, 60_000)
      expect(await failed).toMatchObject({ code: 'credentials', retryable: true })
      expect(String(await failed)).toContain('no answer within 60 s')
      expect(await groupIsGone(group)).toBe(true)
      prints({ ...complete, status: { token: 'second' } })
      api.answer(letIn('second'))
      await get(client)
      expect(sentTokens()).toEqual(['Bearer second'])
    })

    it('is killed when the client is closed', async () => {
      const client = clientOf(hanging())
      const failed = get(client).catch((error: unknown) => error)
      const group = await started()
      await client.close()
      expect(await failed).toMatchObject({ code: 'closed' })
      expect(await groupIsGone(group)).toBe(true)
    })
  })
})

describe('a token file, as pods have one', () => {
  const user = () => ({ authProvider: { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } })

  it('that was rotated is reread when the server refuses the old token', async () => {
    writeFileSync(join(folder, 'token'), 'old')
    api.answer(letIn('old'))
    const client = clientOf(user())
    await get(client)
    writeFileSync(join(folder, 'token'), 'new')
    api.answer(letIn('new'))
    await get(client)
    expect(sentTokens()).toEqual(['Bearer old', 'Bearer old', 'Bearer new'])
  })

  it('that is empty while it is rewritten does not lead to anonymous requests', async () => {
    writeFileSync(join(folder, 'token'), '')
    api.answer(letIn('old'))
    const client = clientOf(user())
    await expect(get(client)).rejects.toMatchObject({ code: 'credentials', retryable: true })
    expect(api.requests).toEqual([])
    writeFileSync(join(folder, 'token'), 'old')
    await get(client)
    writeFileSync(join(folder, 'token'), '')
    clock.advance(120_000)
    await get(client)
    expect(sentTokens()).toEqual(['Bearer old', 'Bearer old'])
  })

  it('works for a write too: a 401 means that nothing was done', async () => {
    writeFileSync(join(folder, 'token'), 'old')
    api.answer(letIn('new'))
    const client = clientOf(user())
    await expect(get(client)).rejects.toMatchObject({ code: 'unauthorized' })
    writeFileSync(join(folder, 'token'), 'new')
    await client.create(kinds.ConfigMap, configMap('a', 1))
    expect(sentTokens().at(-1)).toBe('Bearer new')
  })
})

describe('other users', () => {
  it('with a password send it', async () => {
    api.answer(json(200, configMap('a', 1)))
    await get(clientOf({ username: 'me', password: 'p' }))
    expect(sentTokens()).toEqual([`Basic ${Buffer.from('me:p').toString('base64')}`])
  })

  it('who impersonate another send the headers for it', async () => {
    api.answer(json(200, configMap('a', 1)))
    await get(clientOf({ token: 't', impersonateUser: 'other' }))
    expect(api.requests[0]?.headers['impersonate-user']).toBe('other')
  })

  it('with an OIDC id token send it while it is valid', async () => {
    const jwt = (exp: number) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.sig`
    const user = (token: string) => ({ authProvider: { name: 'oidc', config: { 'id-token': token } } })
    api.answer(json(200, configMap('a', 1)))
    const valid = jwt(clock.now() / 1_000 + 60)
    await get(clientOf(user(valid)))
    expect(sentTokens()).toEqual([`Bearer ${valid}`])
    const expired: unknown = await get(clientOf(user(jwt(clock.now() / 1_000 - 1)))).catch((error: unknown) => error)
    expect(expired).toMatchObject({ code: 'credentials', retryable: false })
    expect(String(expired)).toContain('Renewal is left to kubectl')
    expect(api.requests).toHaveLength(1)
  })

  it('with an auth provider that kubectl has dropped get the name of the replacement', async () => {
    await expect(get(clientOf({ authProvider: { name: 'gcp', config: {} } }))).rejects.toMatchObject({
      code: 'credentials',
      retryable: false,
      message: expect.stringContaining('gke-gcloud-auth-plugin') as string,
    })
  })
})

describe('a server without TLS', () => {
  it.each([
    ['a name that only begins like a loopback address', 'http://127.evil.example:8080', undefined],
    ['a name that only begins like localhost', 'http://localhost.evil.example', undefined],
    ['a proxy on another machine', 'http://127.0.0.1:8080', 'http://proxy.example:3128'],
    ['a far server behind a proxy of this machine', 'http://kube.example:8080', 'http://127.0.0.1:3128'],
    ['a far server behind a SOCKS proxy', 'http://kube.example:8080', 'socks5://proxy.example:1080'],
  ])('gets no token through %s', async (_what, server, proxyUrl) => {
    const kubeConfig = {
      clusters: [{ name: 'c', server }],
      users: [{ name: 'u', token: 't' }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    }
    const client = createKubeClient({ kubeConfig, proxyUrl, clock, retry: { attempts: 1 } })
    open.push(client)
    await expect(client.request({ method: 'GET', path: '/version' })).rejects.toMatchObject({
      code: 'credentials',
      retryable: false,
      message: expect.stringContaining('must not travel in clear text') as string,
    })
  })

  it('is refused unless it is on this machine: a token must not be sent unencrypted', async () => {
    const config = api.kubeConfig()
    config.loadFromClusterAndUser(
      { name: 'far', server: 'http://kube.example:8080', skipTLSVerify: false },
      { name: 'u', token: 't' },
    )
    const client = createKubeClient({ kubeConfig: config, clock })
    open.push(client)
    await expect(client.request({ method: 'GET', path: '/version' })).rejects.toMatchObject({ code: 'credentials' })
  })
})
