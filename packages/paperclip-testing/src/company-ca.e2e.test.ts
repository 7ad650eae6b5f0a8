import { randomUUID } from 'node:crypto'
import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { freshState } from '@agent-jobs/adapter-kit/testing'
import { isAlreadyExists, kinds, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../adapter-kit/test/paperclip-context.ts'
import { scriptAgent } from '../../adapter-kit/test/script-agent.ts'
import { serverPlace, type ServerPlace } from './real-cluster.ts'
import { testAuthority } from './test-authority.ts'

const cluster = process.env['KUBECONFIG']
const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'
const namespace = 'company-ca-e2e'

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  return (server.address() as AddressInfo).port
}

/** Calls Paperclip through the launcher, and a model provider through the company's proxy. */
const caller = scriptAgent(`
const { request } = await import('node:http')
const { connect } = await import('node:tls')
const paperclip = await fetch(process.env.PAPERCLIP_API_URL + '/api/ping', {
  headers: { authorization: 'Bearer ' + process.env.PAPERCLIP_API_KEY },
}).then(async (answer) => answer.status + ' ' + (await answer.text()), (error) => String(error.cause ?? error))
const provider = await new Promise((resolve) => {
  const { hostname, port } = new URL(process.env.HTTPS_PROXY)
  request({ host: hostname, port, method: 'CONNECT', path: 'models.example:443' }).on('error', (error) => resolve(error.message))
    .on('connect', (answer, socket) => {
      let heard = ''
      const secure = connect({ socket, servername: 'models.example' }, () => secure.write('GET / HTTP/1.0\\r\\n\\r\\n'))
      secure.on('data', (data) => { heard += data }).on('error', (error) => resolve(error.message)).on('close', () => resolve(heard.split('\\r\\n\\r\\n')[1]))
    }).end()
})
const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE } = process.env
const writable = await (await import('node:fs/promises')).writeFile(SSL_CERT_FILE, 'x').then(() => true, () => false)
console.log('SEEN ' + JSON.stringify({ paperclip, provider, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, writable }))
`)

describe.skipIf(!cluster)("a company's CA and intercepting proxy (needs KUBECONFIG)", () => {
  let place: ServerPlace
  const { ca, cert, key } = testAuthority([`IP:${bridge}`, 'DNS:models.example'])
  const heard: string[] = []
  const paperclip = createHttps({ cert, key }, (request, response) => {
    heard.push(String(request.headers.authorization))
    response.end('pong')
  })
  const models = createHttps({ cert, key }, (_request, response) => void response.end('intercepted'))
  const proxy = createHttp()
  proxy.on('connect', (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    // The company's proxy answers for the provider with a certificate of its own.
    models.emit('connection', socket)
  })
  let env: Record<string, string>
  let apiUrl = ''

  async function make<T extends KubeObject>(kind: ResourceKind<T>, object: T): Promise<void> {
    try {
      await place.client.create(kind, object, { namespace })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  beforeAll(async () => {
    place = await serverPlace({ namespace, env: {}, signal: AbortSignal.timeout(100_000) })
    apiUrl = `https://${bridge}:${await listen(paperclip)}`
    const proxyUrl = `http://${bridge}:${await listen(proxy)}`
    const name = `ca-${randomUUID().slice(0, 8)}`
    await make(kinds.ConfigMap, { metadata: { name }, data: { 'ca.pem': ca } })
    await make(kinds.Pod, {
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'paperclip',
            image: 'local/agent:1',
            imagePullPolicy: 'IfNotPresent',
            command: ['sleep', '600'],
            env: [
              { name: 'HTTPS_PROXY', value: proxyUrl },
              { name: 'SSL_CERT_FILE', value: '/etc/company-ca/ca.pem' },
            ],
            volumeMounts: [
              { name: 'data', mountPath: '/paperclip' },
              { name: 'ca', mountPath: '/etc/company-ca' },
            ],
          },
        ],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } },
          { name: 'ca', configMap: { name } },
        ],
      },
    })
    env = { ...place.env, HOSTNAME: name }
  })
  afterAll(async () => {
    for (const server of [paperclip, models, proxy]) {
      server.closeAllConnections()
      server.close()
    }
    await place.client.delete(kinds.Pod, { name: env['HOSTNAME'] ?? '', namespace, gracePeriodSeconds: 0 })
    await place.close()
  })

  it('are trusted by the agent and the launcher: the ConfigMap is mounted read-only', async () => {
    const clusters = createClusterPool({ env })
    const deps = systemDependencies({ env, clusters, serverPath: () => place.folder, state: freshState() })
    const config = {
      'resources.requests.cpu': '10m',
      'resources.requests.memory': '32Mi',
      paperclipApiUrl: apiUrl,
      graceSec: 1,
    }
    const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId: randomUUID(), config })
    const result = await createAdapter(caller, deps).execute(ctx)
    await clusters.close()
    const log = told.log.map(({ chunk }) => chunk).join('')
    expect(result.exitCode, log).toBe(0)
    const [, seen = '{}'] = /^SEEN (.*)$/m.exec(log) ?? []
    expect(JSON.parse(seen), log).toEqual({
      paperclip: '200 pong',
      provider: 'intercepted',
      SSL_CERT_FILE: '/etc/company-ca/ca.pem',
      NODE_EXTRA_CA_CERTS: '/etc/company-ca/ca.pem',
      writable: false,
    })
    expect(heard).toContain('Bearer run-token-0123456789')
  })
})
