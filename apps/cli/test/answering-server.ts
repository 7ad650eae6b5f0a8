import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An API server that gives the answers of a test. */
export interface AnsweringServer extends AsyncDisposable {
  /** The environment of a terminal whose kubeconfig names it. */
  readonly env: { KUBECONFIG: string }
  /** `METHOD /path` of each request. */
  readonly requests: string[]
}

/** A status and the object to answer with. */
export type Answer = readonly [status: number, body: Readonly<Record<string, unknown>>]

/** Starts one on loopback. */
export async function startAnsweringServer(answer: (request: string) => Answer): Promise<AnsweringServer> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-server-'))
  const requests: string[] = []
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`
    requests.push(line)
    request.resume()
    const [status, body] = answer(line)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const config = {
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'c', user: {} }],
  }
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config))
  return {
    env: { KUBECONFIG: join(folder, 'kubeconfig') },
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
