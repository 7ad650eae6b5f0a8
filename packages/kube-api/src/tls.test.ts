import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { KubeConfig, type Cluster, type User } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createManualClock } from '../test/manual-clock.ts'
import { startHttpProxy, startSocksProxy } from '../test/proxies.ts'
import { createKubeClient, type KubeClientOptions } from './kube-client.ts'

// Part of the system, not of a package.
const tool = 'openssl'

function hasOpenssl(): boolean {
  try {
    execFileSync(tool, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!hasOpenssl())('TLS (needs openssl, to make certificates that no one has to keep)', () => {
  let folder: string
  let server: Server
  let port: number
  let connections = 0
  let endLog: (text: string) => void = () => undefined
  const file = (name: string) => join(folder, name)
  const base64 = (name: string) => readFileSync(file(name)).toString('base64')

  function openssl(...args: string[]): void {
    execFileSync(tool, args, { cwd: folder, stdio: 'ignore' })
  }

  function certificate(name: string, subject: string): void {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      subject,
      '-addext',
      'subjectAltName=DNS:kube.test',
    )
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-copy_extensions',
      'copy',
    )
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kube-api-tls-'))
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-days',
      '2',
      '-subj',
      '/CN=test ca',
    )
    certificate('server', '/CN=kube.test')
    certificate('alice', '/CN=alice')
    certificate('bob', '/CN=bob')
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
    rmSync(folder, { recursive: true })
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

  it('takes a connection or two for 200 calls in a row', async () => {
    const client = clientOf({}, { token: 't' })
    const before = connections
    for (let index = 0; index < 200; index += 1) await whoAmI(client)
    expect(connections - before).toBeLessThanOrEqual(2)
    await client.close()
  })

  it('says what is wrong with a server it does not trust, and does not try again', async () => {
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

  it('trusts anyone when the cluster says so', async () => {
    const client = clientOf({ caFile: '', skipTLSVerify: true }, { token: 't' })
    expect(await whoAmI(client)).toMatchObject({ user: null })
    await client.close()
  })

  it.each([
    ['an HTTP proxy', startHttpProxy],
    ['a SOCKS proxy', startSocksProxy],
  ])('is the same through %s, which sees the name of the server and nothing more', async (_, startProxy) => {
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

  it('takes a certificate that was renewed on disk within seconds, and lets a stream of the old one live', async () => {
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
})
