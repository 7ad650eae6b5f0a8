import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'
import { errorMessage } from '@agent-jobs/primitives'
import type { ProxySpec } from '../../launch-spec.ts'
import { answerCall } from './answer-call.ts'

const defaultHoldMs = 120_000
const defaultRefreshMs = 5000
const maxCalls = 64
const maxBodyBytes = 8 * 1024 * 1024
const maxHeldBytes = 32 * 1024 * 1024

/** Thrown while a call is read: the proxy's own bounds. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Offers the target's API on the pod's loopback. The agent knows only this address and, with `envToken`, a password
 * made for this run; the real credentials come from a file and are added to each call. Returns the variables for it.
 */
export async function startProxy(spec: ProxySpec): Promise<Record<string, string>> {
  const { targetUrl, tokenFile, envUrl, envToken, holdMs = defaultHoldMs, refreshMs = defaultRefreshMs } = spec
  const target = new URL(targetUrl)
  const password = envToken === undefined ? undefined : randomBytes(24).toString('hex')
  let calls = 0
  let heldBytes = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    let taken = 0
    const take = (bytes: number): void => {
      taken += bytes
      heldBytes += bytes
      if (taken > maxBodyBytes) throw new Refusal(413, `more than ${maxBodyBytes} bytes in one call`)
      if (heldBytes > maxHeldBytes) throw new Refusal(503, `more than ${maxHeldBytes} bytes of calls are waiting`)
    }
    calls += 1
    try {
      if (calls > maxCalls) throw new Refusal(503, `more than ${maxCalls} calls at once`)
      if (password !== undefined) {
        if (!isBearer(request.headers.authorization, password))
          throw new Refusal(401, `the token is that of ${envToken}`)
        delete request.headers.authorization
      }
      const { method = 'GET', url: path = '/', headers } = request
      const body = await readBody(request, take)
      const options = { target, tokenFile, holdMs, refreshMs, signal: gone.signal }
      const answer = await answerCall({ method, path, headers, body }, options)
      const { connection: _connection, 'keep-alive': _keepAlive, ...passed } = answer.headers
      response.writeHead(answer.statusCode ?? 502, passed)
      await new Promise<void>((resolve) => pipeline(answer, response, () => resolve()))
    } finally {
      calls -= 1
      heldBytes -= taken
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return response.destroy()
      const status = error instanceof Refusal ? error.status : 502
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
      return response.end(JSON.stringify({ error: `agent-jobs launcher: ${target.origin}: ${errorMessage(error)}` }))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // The proxy lives as long as the launcher and must not keep it alive.
  server.unref()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { [envUrl]: url, ...(envToken === undefined || password === undefined ? {} : { [envToken]: password }) }
}

async function readBody(request: IncomingMessage, take: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) {
    take((chunk as Buffer).length)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

function isBearer(header: string | undefined, password: string): boolean {
  const given = Buffer.from(header ?? '')
  const wanted = Buffer.from(`Bearer ${password}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
