import type { IncomingMessage } from 'node:http'
import { isObject, type JsonObject } from './json.ts'

/** A request's body, or why there is none to work with. */
export type BodyResult =
  | { readonly ok: true; readonly body: JsonObject; readonly bytes: number }
  | { readonly ok: false; readonly status: 400 | 413; readonly message: string; readonly bytes: number }

/** Reads a JSON body of at most `maxBytes`; what comes beyond is read and dropped, so that the answer arrives. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<BodyResult> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue
    bytes += part.length
    if (bytes <= maxBytes) parts.push(part)
    else parts.length = 0
  }
  if (bytes > maxBytes) {
    return { ok: false, status: 413, message: `Request exceeds the maximum size of ${maxBytes} bytes`, bytes }
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
    if (isObject(body)) return { ok: true, body, bytes }
    return { ok: false, status: 400, message: 'The body is JSON, but not an object', bytes }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { ok: false, status: 400, message: `The body is not JSON: ${error.message}`, bytes }
  }
}
