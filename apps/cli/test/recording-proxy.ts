import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy in front of an API server that notices what changes something. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string
  /** `METHOD /path` of each request that is not a GET. */
  readonly writes: string[]
}

/** Starts one on loopback in front of a server without TLS. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const writes: string[] = []
  const { hostname, port, pathname } = new URL(target)
  const server = createServer((incoming, response) => {
    if (incoming.method !== 'GET') writes.push(`${incoming.method} ${incoming.url}`)
    const { method, headers } = incoming
    const path = `${pathname.replace(/\/$/, '')}${incoming.url}`
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    // Either side may go first; the other one ends with it.
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
