/** Headers as a plain object, or as `fetch` gives them. */
export type LogHeaders = Readonly<Record<string, string | undefined>> | { get(name: string): string | null }

/**
 * One answer of a log server; a `Response` of `fetch` is one. A status other than 2xx does not throw: the body then
 * holds the server's words.
 */
export interface LogResponse {
  status: number
  headers: LogHeaders
  /** Ends when the server ends it; throws when the connection breaks or `signal` fires. Null where there is none (204). */
  body: AsyncIterable<Uint8Array> | null
}

/** Gives one header, however it is written. */
export function readHeader(headers: LogHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined
  for (const [key, value] of Object.entries(headers)) if (key.toLowerCase() === name) return value
  return undefined
}

/** What a follower asks of a log server. Every line is asked for with its timestamp in front. */
export interface LogRequest {
  /** RFC 3339, whole seconds, inclusive. */
  sinceTime?: string
  tailLines?: number
  follow: boolean
  signal: AbortSignal
}

/** One container's log, wherever it is served. `signal` must end `open` and the body alike. */
export interface LogSource {
  open(request: LogRequest): Promise<LogResponse>
}
