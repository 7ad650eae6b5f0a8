import type { Dispatcher } from 'undici'
import { refuseCompressed } from './foreign-answer.ts'
import { KubeError } from './kube-error.ts'
import type { RequestLine } from './request-line.ts'

/** A response from undici: its body is still to be read. */
export type Response = Dispatcher.ResponseData

/** The headers of a response, each as one text; rejects a body that cannot be read. */
export function readHeaders(response: Response, request: RequestLine): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [key, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[key] = Array.isArray(value) ? value.join(', ') : value
  }
  try {
    refuseCompressed(request, response.statusCode, headers)
  } catch (error) {
    // It has no reader any more, and its connection is closed with it.
    response.body.on('error', () => undefined).destroy()
    throw error
  }
  return headers
}

/** Reads a body to its end, or up to its limit. */
export async function readText(response: Response, request: RequestLine, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body as AsyncIterable<Uint8Array>) {
    size += piece.length
    if (size > maxBytes) {
      throw new KubeError({
        code: 'response_too_large',
        message: `${request.method} ${request.path}: the answer is larger than ${maxBytes} bytes. Narrow the request by a selector or limit.`,
        status: response.statusCode,
        object: request.object,
      })
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** Parses the texts of a `Warning` header: `299 - "text with \"quotes\""`, repeated. */
export function warningTexts(header: string | undefined): string[] {
  const found = (header ?? '').matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)
  return [...found].map(([, quoted = '']) => quoted.replaceAll(/\\(.)/g, '$1'))
}
