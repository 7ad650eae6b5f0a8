import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError, badRequest } from '../api-error.ts'
import type { JsonObject } from '../types.ts'
import { decodeProtobuf } from './protobuf.ts'

/** The largest request body, as in the real server. */
const bodyLimit = 3 * 1024 * 1024

const protobufMagic = Buffer.from('k8s\0')

const serialised = new WeakMap<object, string>()

/** JSON of a stored object, computed once however many watchers get it. */
export function jsonOf(value: object): string {
  let text = serialised.get(value)
  if (text === undefined) {
    text = JSON.stringify(value)
    serialised.set(value, text)
  }
  return text
}

const common = { 'cache-control': 'no-cache, private' }

export function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers: Record<string, string> = {},
): void {
  const body = `${jsonOf(value)}\n`
  response.writeHead(status, {
    ...common,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(body)
}

export function sendText(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    ...common,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

/** Writes a refusal as a `Status`; once the headers are out the connection can only be cut. */
export function sendError(response: ServerResponse, error: unknown): void {
  const status = ApiError.isInstance(error)
    ? error
    : new ApiError(
        500,
        'InternalError',
        `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
      )
  if (response.headersSent) {
    response.destroy()
    return
  }
  const seconds = status.details?.['retryAfterSeconds']
  const headers: Record<string, string> = {}
  if (typeof seconds === 'number') headers['retry-after'] = String(seconds)
  if (status.code === 403) headers['x-content-type-options'] = 'nosniff'
  sendJson(response, status.code, status.toStatus(), headers)
}

/** The whole body; one that is too large is refused, and read to its end so that the connection stays usable. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= bodyLimit) chunks.push(chunk)
      else {
        chunks.length = 0
        reject(new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimit}`))
      }
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', reject)
    request.once('close', () => reject(new ApiError(400, 'BadRequest', 'unexpected EOF')))
  })
}

export function parseObject(body: Buffer): JsonObject {
  if (body.subarray(0, 4).equals(protobufMagic)) return decodeProtobuf(body)
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be JSON): ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the object provided is unrecognized: an object is expected')
  }
  return value as JsonObject
}
