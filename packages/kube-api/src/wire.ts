import type { RequestLine } from './request-line.ts'

/** One HTTP exchange, for counting and logging. */
export interface RequestReport {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** HTTP status, or 0 without a response. */
  readonly status: number
  /** Until the headers of a stream, until the end of any other response. */
  readonly durationMs: number
}

/** A `Warning` header: deprecated fields, or a pod that Pod Security would refuse. */
export interface ServerWarning {
  readonly method: string
  readonly path: string
  readonly text: string
}

/** One HTTP request, without server and credentials. */
export interface WireRequest extends RequestLine {
  readonly body?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** A response that was read to its end. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}

/** A response whose body is still to be read. */
export interface WireStream {
  readonly status: number
  readonly headers: Record<string, string>
  /** Must be read or its request aborted: until then it holds a connection. */
  readonly body: AsyncIterable<Uint8Array>
}
