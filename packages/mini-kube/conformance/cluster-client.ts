import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { KubeConfig } from '@kubernetes/client-node'
import { clientOver, type TestClient } from '../test/test-client.ts'

/** A client for whatever cluster a kubeconfig names; `token` acts as someone else. */
export async function clusterClient(kubeconfig: string, token?: string): Promise<TestClient> {
  const config = new KubeConfig()
  config.loadFromString(kubeconfig)
  const server = new URL(config.getCurrentCluster()?.server ?? '')
  const secrets: RequestOptions = {}
  await config.applyToHTTPSOptions(secrets)
  if (token !== undefined) {
    for (const key of ['cert', 'key', 'auth', 'agent'] as const) delete (secrets as Record<string, unknown>)[key]
    server.pathname = '/'
  }
  const prefix = server.pathname === '/' ? '' : server.pathname
  const ca = config.getCurrentCluster()?.caData
  return clientOver(
    (method, path, init) =>
      new Promise((resolve, reject) => {
        const make = server.protocol === 'https:' ? httpsRequest : httpRequest
        const request = make(
          {
            ...secrets,
            ...(ca === undefined ? {} : { ca: Buffer.from(ca, 'base64') }),
            hostname: server.hostname,
            port: server.port,
            method,
            path: `${prefix}${path}`,
            agent: false,
            headers: {
              ...(secrets.headers as Record<string, string> | undefined),
              ...(init.headers as Record<string, string>),
              // Node does not set a length for the body of a DELETE.
              ...(typeof init.body === 'string' ? { 'content-length': Buffer.byteLength(init.body) } : {}),
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            },
            ...(init.signal ? { signal: init.signal } : {}),
          },
          (response) => {
            const headers = new Headers(
              Object.entries(response.headers).map(([key, value]): [string, string] => [key, String(value)]),
            )
            const status = response.statusCode ?? 0
            response.on('error', () => response.destroy())
            const body = status === 204 ? null : (Readable.toWeb(response) as ReadableStream<Uint8Array>)
            resolve(new Response(body, { status, headers }))
          },
        )
        request.on('error', reject)
        request.end(init.body as string | undefined)
      }),
  )
}
