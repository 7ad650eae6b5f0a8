import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { closeServer, listen } from './listening.ts'

/** A call that a pod made to Paperclip. */
export interface PodCall {
  method: string
  path: string
  authorization: string | undefined
  /** Null until there is an answer. */
  status: number | null
}

/** Lets pods reach a server that listens on loopback only. */
export interface PodDoor {
  readonly url: string
  /** Forwarded calls, oldest first. */
  readonly calls: readonly PodCall[]
  /** Stops listening at the address while the server is down. */
  shut(): Promise<void>
  /** Answers every call with this status, as an ingress does while the server is down; null forwards again. */
  answer(status: number | null): void
  open(): Promise<void>
}

// More calls than a suite makes, so a test finds the ones it looks for.
const mostCalls = 10_000

/** Opens a proxy to a server, at an address that pods reach. */
export async function openPodDoor(target: () => string, address: string): Promise<PodDoor> {
  const calls: PodCall[] = []
  let port = 0
  let fixedStatus: number | null = null
  let listening: Server | null = null

  function forward(incoming: IncomingMessage, outgoing: import('node:http').ServerResponse): void {
    const to = new URL(target())
    const { method = 'GET', url: path = '/', headers } = incoming
    const call: PodCall = { method, path, authorization: headers.authorization, status: null }
    calls.push(call)
    if (calls.length > mostCalls) calls.shift()
    if (fixedStatus !== null) {
      call.status = fixedStatus
      incoming.resume()
      outgoing.writeHead(fixedStatus, { 'content-type': 'text/html' }).end('<h1>Service Unavailable</h1>')
      return
    }
    const onward = httpRequest(
      { host: to.hostname, port: to.port, method, path, headers: { ...headers, host: to.host } },
      (answer) => {
        call.status = answer.statusCode ?? 502
        outgoing.writeHead(call.status, answer.headers)
        answer.pipe(outgoing)
      },
    )
    // Closes without an answer, as a dying server does.
    onward.once('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }

  async function open(): Promise<void> {
    if (listening !== null) return
    const server = createServer(forward)
    await listen(server, port, address)
    const found = server.address()
    if (found === null || typeof found === 'string') throw new Error('the door has no port')
    port = found.port
    listening = server
  }

  async function shut(): Promise<void> {
    const server = listening
    listening = null
    if (server !== null) await closeServer(server)
  }

  await open()
  return {
    get url() {
      return `http://${address}:${port}`
    },
    calls,
    open,
    shut,
    answer(status) {
      fixedStatus = status
    },
  }
}
