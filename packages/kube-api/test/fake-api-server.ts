import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { KubeConfig, type User } from '@kubernetes/client-node'

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How to answer the next requests. */
export type Answer = (response: ServerResponse, request: SeenRequest) => void

export interface FakeApiServer extends AsyncDisposable {
  readonly url: string
  readonly requests: SeenRequest[]
  readonly connections: () => number
  readonly kubeConfig: (user?: Partial<User>) => KubeConfig
  /** Queues responses; the last one is used for all requests that follow. */
  answer(...answers: Answer[]): void
  /** Waits until this many requests have arrived in total. */
  seen(count: number): Promise<SeenRequest>
  /** Resolves when no connection is open. */
  quiet(): Promise<void>
  /** Stops listening and drops every connection; `listen` begins again at the same port. */
  stop(): Promise<void>
  listen(): Promise<void>
}

/** An HTTP server on loopback with scripted responses. */
export async function startFakeApiServer(): Promise<FakeApiServer> {
  const requests: SeenRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let answers: Answer[] = []
  let waiting: (() => void)[] = []
  const wantingQuiet: (() => void)[] = []
  let port = 0

  const server = createServer((request, response) => {
    const pieces: Uint8Array[] = []
    request.on('data', (piece: Uint8Array) => pieces.push(piece))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://fake')
      const seen: SeenRequest = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(pieces).toString('utf8'),
      }
      requests.push(seen)
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      for (const notify of waiting.splice(0)) notify()
      if (answer) answer(response, seen)
      else json(501, { message: 'this test gave no answer' })(response, seen)
    })
  })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const notify of wantingQuiet.splice(0)) notify()
    })
    // A test that resets connections triggers this too; the close event follows.
    socket.on('error', () => undefined)
  })

  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject)
        port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.resetAndDestroy()
    })

  await listen()
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    requests,
    connections: () => connections,
    kubeConfig: (user = { token: 'secret' }) => {
      const config = new KubeConfig()
      config.loadFromClusterAndUser({ name: 'fake', server: url, skipTLSVerify: false }, { name: 'tester', ...user })
      return config
    },
    answer: (...next) => {
      answers = next
    },
    async seen(count) {
      for (;;) {
        const last = requests[count - 1]
        if (last) return last
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    async quiet() {
      if (sockets.size > 0) await new Promise<void>((resolve) => wantingQuiet.push(resolve))
    },
    listen,
    stop,
    async [Symbol.asyncDispose]() {
      if (server.listening) await stop()
    },
  }
}

/** Answers with JSON. */
export function json(code: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
}

/** Answers with a Status object, as the API server does for errors. */
export function status(code: number, reason: string, message: string, headers: Record<string, string> = {}): Answer {
  return json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }, headers)
}

/** Reads the whole request and then drops the connection without a response. */
export const dropConnection: Answer = (response) => {
  response.socket?.resetAndDestroy()
}

/** A watch that a test feeds by hand. */
export interface FedStream {
  readonly answer: Answer
  readonly opened: Promise<SeenRequest>
  readonly closed: Promise<void>
  send(...events: unknown[]): void
  raw(bytes: string | Uint8Array): void
  end(): void
  reset(): void
}

export function fedStream(): FedStream {
  const opened = Promise.withResolvers<SeenRequest>()
  const closed = Promise.withResolvers<void>()
  let stream: ServerResponse | undefined
  const raw = (bytes: string | Uint8Array) => {
    if (!stream) throw new Error('This stream was not opened yet; await `opened` first')
    stream.write(bytes)
  }
  return {
    answer: (response, request) => {
      stream = response
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      response.on('close', () => closed.resolve())
      opened.resolve(request)
    },
    opened: opened.promise,
    closed: closed.promise,
    send: (...events) => {
      for (const event of events) raw(`${JSON.stringify(event)}\n`)
    },
    raw,
    end: () => stream?.end(),
    reset: () => stream?.socket?.resetAndDestroy(),
  }
}
