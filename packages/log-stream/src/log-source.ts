/** Headers as a plain object, or as `fetch` returns them. */
export type LogHeaders = Readonly<Record<string, string | undefined>> | { get(name: string): string | null }

/**
 * One response of a log server; a `Response` of `fetch` is one. A status other than 2xx does not throw: the body then
 * contains the server's error message.
 */
export interface LogResponse {
  status: number
  headers: LogHeaders
  /** Ends when the server ends it; throws when the connection breaks or `signal` fires. Null without a body (204). */
  body: AsyncIterable<Uint8Array> | null
}

/** Returns one header from either form. */
export function readHeader(headers: LogHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined
  for (const [key, value] of Object.entries(headers)) if (key.toLowerCase() === name) return value
  return undefined
}

/** A request to a log server. Every line is requested with its timestamp. */
export interface LogRequest {
  /** RFC 3339, whole seconds, inclusive. */
  sinceTime?: string
  tailLines?: number
  follow: boolean
  signal: AbortSignal
}

/** One container's log, wherever it is served. `signal` must end both `open` and the body. */
export interface LogSource {
  open(request: LogRequest): Promise<LogResponse>
}
