/** One answer of a log server. A status other than 2xx does not throw: the body then holds the server's words. */
export interface LogResponse {
  status: number
  headers: Record<string, string>
  /** Ends when the server ends it; throws when the connection breaks or `signal` fires. */
  body: AsyncIterable<Uint8Array>
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
