import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** A server for Prometheus. */
export interface MetricsServer extends AsyncDisposable {
  /** For example `http://127.0.0.1:9464/metrics`. */
  readonly url: string
}

/** Options of the metrics server. */
export interface MetricsServerOptions {
  readonly registry: Registry
  /** Port; 0 picks a free one. */
  readonly port: number
  /** Address to listen on. Default `0.0.0.0`, since Prometheus comes from another pod. */
  readonly host?: string | undefined
}

/** Serves `GET /metrics`. Rejects when the port is taken. Other paths are 404, other methods 405. */
export async function startMetricsServer({
  registry,
  port,
  host = '0.0.0.0',
}: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain'): void => {
      response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : text)
    }
    if (request.url?.split('?')[0] !== '/metrics') return answer(404, 'Not found. Metrics are at /metrics.\n')
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'Use GET.\n')
    registry.metrics().then(
      (text) => answer(200, text, registry.contentType),
      (error: unknown) => answer(500, `Could not collect metrics: ${String(error)}\n`),
    )
  })
  // Prometheus sends small requests and keeps its connection.
  server.headersTimeout = 10_000
  server.maxHeadersCount = 100
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  await promise
  server.unref()
  const { address, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}/metrics`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}
