import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { User } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configMap } from '../test/events.ts'
import { json, startFakeApiServer, status, type Answer, type FakeApiServer } from '../test/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../test/manual-clock.ts'
import { createKubeClient, type KubeClient } from './kube-client.ts'
import { kinds } from './resource-kind.ts'

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

/** Lets in who brings this token. */
const letIn =
  (token: string): Answer =>
  (response, request) =>
    (request.headers.authorization === `Bearer ${token}`
      ? json(200, configMap('a', 1))
      : status(401, 'Unauthorized', 'Unauthorized'))(response, request)

/** A plugin that prints the token of the moment and counts how often it was asked. */
function plugin(expirationTimestamp?: string) {
  const [token, calls, program] = [join(folder, 'token'), join(folder, 'calls'), join(folder, 'plugin')]
  const stamp = expirationTimestamp === undefined ? '' : `, "expirationTimestamp": "${expirationTimestamp}"`
  writeFileSync(calls, '')
  writeFileSync(
    program,
    `#!/bin/sh\nprintf x >> '${calls}'\nprintf '{"kind":"ExecCredential","status":{"token":"%s"${stamp.replaceAll('"', '\\"').replaceAll('\\"', '"')}}}' "$(cat '${token}')"\n`,
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
  it('is asked once for a hundred calls at once', async () => {
    const { user, issue, calls } = plugin()
    issue('one')
    api.answer(letIn('one'))
    const client = clientOf(user)
    await Promise.all(Array.from({ length: 100 }, () => get(client)))
    expect(calls()).toBe(1)
  })

  it('is asked again when the server refuses its token, once for all who were refused', async () => {
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

  it('whose new token is refused too gives the 401', async () => {
    const { user, issue, calls } = plugin()
    issue('one')
    api.answer(letIn('nobody'))
    await expect(get(clientOf(user))).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    expect(api.requests).toHaveLength(2)
    expect(calls()).toBe(2)
  })

  it('that fails says what it said', async () => {
    const program = join(folder, 'broken')
    writeFileSync(program, '#!/bin/sh\necho "please log in first" >&2\nexit 3\n')
    chmodSync(program, 0o755)
    await expect(get(clientOf({ exec: { command: program } }))).rejects.toMatchObject({
      code: 'credentials',
      message: expect.stringContaining('please log in first') as string,
    })
    expect(api.requests).toHaveLength(0)
  })

  it('that hangs costs a call its time and no more, and after a minute another is started', async () => {
    const [pipe, program] = [join(folder, 'pipe'), join(folder, 'hanging')]
    execFileSync('mkfifo', [pipe])
    // The first waits for somebody to write to the pipe.
    writeFileSync(
      program,
      `#!/bin/sh\n[ -e '${program}.again' ] || { touch '${program}.again'; exec cat '${pipe}'; }\nprintf '{"kind":"ExecCredential","status":{"token":"second"}}'\n`,
    )
    chmodSync(program, 0o755)
    const client = clientOf({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: program } })
    api.answer(letIn('second'))
    const failed = get(client).catch((error: unknown) => error)
    await clock.wakeSleeper(30_000, 30_000)
    expect(await failed).toMatchObject({
      code: 'credentials',
      retryable: true,
      maybeApplied: false,
      message: expect.stringContaining('did not come within 30000 ms') as string,
    })
    const waiting = get(client).catch((error: unknown) => error)
    await clock.wakeSleeper(60_000, 60_000)
    expect(await waiting).toMatchObject({ code: 'credentials' })
    await get(client)
    expect(sentTokens()).toEqual(['Bearer second'])
    writeFileSync(pipe, '{}')
  })

  it('that is not installed says so', async () => {
    await expect(get(clientOf({ exec: { command: join(folder, 'absent') } }))).rejects.toMatchObject({
      code: 'credentials',
    })
  })
})

describe('a token file, as pods have one', () => {
  const user = () => ({ authProvider: { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } })

  it('that was rotated is read again when the server refuses the old token', async () => {
    writeFileSync(join(folder, 'token'), 'old')
    api.answer(letIn('old'))
    const client = clientOf(user())
    await get(client)
    writeFileSync(join(folder, 'token'), 'new')
    api.answer(letIn('new'))
    await get(client)
    expect(sentTokens()).toEqual(['Bearer old', 'Bearer old', 'Bearer new'])
  })

  it('that is empty while it is written anew makes nobody anonymous', async () => {
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

  it('serves a write too: a 401 says that nothing was done', async () => {
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

  it('who act for another say so', async () => {
    api.answer(json(200, configMap('a', 1)))
    await get(clientOf({ token: 't', impersonateUser: 'other' }))
    expect(api.requests[0]?.headers['impersonate-user']).toBe('other')
  })

  it('whose authenticator was added by hand are taken too', async () => {
    const config = api.kubeConfig({ authProvider: { name: 'mine', config: {} } })
    config.addAuthenticator({
      isAuthProvider: ({ authProvider }) => authProvider?.name === 'mine',
      applyAuthentication: (_, options) => {
        options.headers = { ...options.headers, Authorization: 'Bearer by-hand' } as typeof options.headers & object
        return Promise.resolve()
      },
    })
    api.answer(letIn('by-hand'))
    const client = createKubeClient({ kubeConfig: config, clock })
    open.push(client)
    await get(client)
    expect(sentTokens()).toEqual(['Bearer by-hand'])
  })
})

describe('a server without TLS', () => {
  it('is refused unless it is on this machine: a token must not travel in the clear', async () => {
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
