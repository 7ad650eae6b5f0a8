import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { KubeConfig, type Cluster, type User } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, hasOpenssl, type TestAuthority } from '../test/certificates.ts'
import { createManualClock } from '../test/manual-clock.ts'
import { startHttpProxy, startSocksProxy } from '../test/proxies.ts'
import { createKubeClient, type KubeClientOptions } from './kube-client.ts'
import { kinds } from './resource-kind.ts'

describe.skipIf(!hasOpenssl())('TLS (needs openssl, to make temporary certificates)', () => {
  let authority: TestAuthority
  let server: Server
  let port: number
  let connections = 0
  let endLog: (text: string) => void = () => undefined
  const file = (name: string) => authority.file(name)
  const base64 = (name: string) => authority.base64(name)

  beforeAll(async () => {
    authority = createAuthority()
    authority.sign('server', '/CN=kube.test')
    authority.sign('alice', '/CN=alice')
    authority.sign('bob', '/CN=bob')
    server = createServer(
      {
        ca: readFileSync(file('ca.crt')),
        cert: readFileSync(file('server.crt')),
        key: readFileSync(file('server.key')),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        if (request.url?.includes('/log')) {
          response.flushHeaders()
          endLog = (text) => response.end(text)
          return
        }
        const { subject } = (request.socket as TLSSocket).getPeerCertificate()
        response.end(JSON.stringify({ user: subject?.CN ?? null, protocol: request.httpVersion }))
      },
    )
    server.on('secureConnection', () => (connections += 1))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })

  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    authority[Symbol.dispose]()
  })

  function clientOf(cluster: Partial<Cluster>, user: Partial<User>, options: Partial<KubeClientOptions> = {}) {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromClusterAndUser(
      {
        name: 'c',
        server: `https://127.0.0.1:${port}`,
        skipTLSVerify: false,
        tlsServerName: 'kube.test',
        caFile: file('ca.crt'),
        ...cluster,
      },
      { name: 'u', ...user },
    )
    return createKubeClient({ kubeConfig, retry: { attempts: 1 }, ...options })
  }
  const whoAmI = (client: ReturnType<typeof clientOf>) => client.request({ method: 'GET', path: '/whoami' })

  it('trusts the authority of the kubeconfig and shows the certificate of the user, from files or data', async () => {
    const files = clientOf({}, { certFile: file('alice.crt'), keyFile: file('alice.key') })
    const data = clientOf(
      { caFile: '', caData: base64('ca.crt') },
      { certData: base64('bob.crt'), keyData: base64('bob.key') },
    )
    expect(await whoAmI(files)).toEqual({ user: 'alice', protocol: '1.1' })
    expect(await whoAmI(data)).toEqual({ user: 'bob', protocol: '1.1' })
    await Promise.all([files.close(), data.close()])
  })

  it('uses one or two connections for 200 calls in a row', async () => {
    const client = clientOf({}, { token: 't' })
    const before = connections
    for (let index = 0; index < 200; index += 1) await whoAmI(client)
    expect(connections - before).toBeLessThanOrEqual(2)
    await client.close()
  })

  it('reports why a server is not trusted, and does not retry', async () => {
    for (const cluster of [{ caFile: file('alice.crt') }, { tlsServerName: 'other.test' }]) {
      const client = clientOf(cluster, { token: 't' })
      await expect(whoAmI(client)).rejects.toMatchObject({
        code: 'tls',
        retryable: false,
        message: expect.stringContaining('TLS handshake') as string,
      })
      await client.close()
    }
  })

  it('trusts any server when the cluster says so', async () => {
    const client = clientOf({ caFile: '', skipTLSVerify: true }, { token: 't' })
    expect(await whoAmI(client)).toMatchObject({ user: null })
    await client.close()
  })

  it.each([
    ['an HTTP proxy', startHttpProxy],
    ['a SOCKS proxy', startSocksProxy],
  ])('works through %s, which sees only the server’s name', async (_, startProxy) => {
    await using proxy = await startProxy()
    const client = clientOf({}, { certFile: file('alice.crt'), keyFile: file('alice.key') }, { proxyUrl: proxy.url })
    expect(await whoAmI(client)).toMatchObject({ user: 'alice' })
    expect(await whoAmI(client)).toMatchObject({ user: 'alice' })
    expect(new Set(proxy.tunnels)).toEqual(new Set([`127.0.0.1:${port}`]))
    await client.close()
    const stranger = clientOf({ tlsServerName: 'other.test' }, { token: 't' }, { proxyUrl: proxy.url })
    await expect(whoAmI(stranger)).rejects.toMatchObject({ code: 'tls' })
    await stranger.close()
  })

  it('uses a certificate renewed on disk within seconds, and keeps a stream of the old one open', async () => {
    const clock = createManualClock()
    for (const kind of ['crt', 'key']) copyFileSync(file(`alice.${kind}`), file(`renewed.${kind}`))
    const client = clientOf({}, { certFile: file('renewed.crt'), keyFile: file('renewed.key') }, { clock })
    expect(await whoAmI(client)).toMatchObject({ user: 'alice' })
    const log = await client.openLog({ namespace: 'ns', pod: 'p', follow: true })
    for (const kind of ['crt', 'key']) copyFileSync(file(`bob.${kind}`), file(`renewed.${kind}`))
    expect(await whoAmI(client)).toMatchObject({ user: 'alice' })
    clock.advance(5_000)
    expect(await whoAmI(client)).toMatchObject({ user: 'bob' })
    endLog('last words of alice')
    const pieces: Uint8Array[] = []
    for await (const piece of log.body) pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toBe('last words of alice')
    await client.close()
  })

  it.each<[string, () => [Partial<Cluster>, Partial<User>], string]>([
    [
      'a key of another certificate',
      () => [{}, { certData: base64('alice.crt'), keyData: base64('bob.key') }],
      '`client-key-data` is not the key of the certificate in `client-certificate-data`',
    ],
    [
      'a certificate that is not base64 of PEM',
      () => [{}, { certData: 'bm90IHBlbQ==', keyData: base64('bob.key') }],
      '`client-certificate-data` is not PEM in base64',
    ],
    [
      'PEM where base64 belongs',
      () => [{ caFile: '', caData: authority.text('ca.crt') }, { token: 't' }],
      '`certificate-authority-data` is not PEM in base64: it is PEM as it stands',
    ],
    [
      'a key where a certificate belongs',
      () => [{ caFile: file('bob.key') }, { token: 't' }],
      'holds no PEM certificate',
    ],
    [
      'a damaged certificate',
      () => {
        writeFileSync(file('damaged.crt'), authority.text('ca.crt').replace(/MII.{40}/, 'MII'))
        return [{ caFile: file('damaged.crt') }, { token: 't' }]
      },
      'holds a damaged certificate',
    ],
    [
      'a certificate where a key belongs',
      () => [{}, { certFile: file('bob.crt'), keyFile: file('bob.crt') }],
      'is not a PEM private key',
    ],
    ['a file that does not exist', () => [{ caFile: file('absent.crt') }, { token: 't' }], 'absent.crt (ENOENT)'],
    [
      'a token with a line break',
      () => [{}, { token: 'abc\n' }],
      '`token` has characters that no HTTP header can hold',
    ],
  ])('reports %s and sends nothing', async (_, broken, expected) => {
    const before = connections
    const client = clientOf(...broken())
    const error: unknown = await whoAmI(client).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'credentials', retryable: false })
    expect(String(error)).toContain(expected)
    expect(connections).toBe(before)
    await client.close()
  })

  it('ends a watch whose credentials can never work, instead of retrying it', async () => {
    const client = clientOf({}, { certData: base64('alice.crt'), keyData: base64('bob.key') })
    const watch = client.listWatch(kinds.Job, { namespace: 'ns', signal: AbortSignal.timeout(20_000) })
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'credentials' })
    await client.close()
  })

  it('reports a server without TLS', async () => {
    const plain = createPlainServer((_, response) => response.end('{}'))
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const client = clientOf({ server: `https://127.0.0.1:${(plain.address() as AddressInfo).port}` }, { token: 't' })
    await expect(whoAmI(client)).rejects.toMatchObject({
      code: 'tls',
      retryable: false,
      message: expect.stringContaining('does not speak TLS') as string,
    })
    await client.close()
    plain.close()
  })
})
