/** How long the proxy waits for its target, in milliseconds. */
export interface ProxyTimings {
  /** For a connection, once the target was there. */
  readonly connectMs: number
  /** For a connection and for a look at the target, until it was there once. */
  readonly firstConnectMs: number
  /** For the head of an answer, and between two pieces of it. */
  readonly answerMs: number
  /** Between two looks at the token file, which gives no events on a shared volume. */
  readonly lookMs: number
  /** Bounds of the backoff between two tries of a held call. */
  readonly retry: { readonly baseMs: number; readonly maxMs: number }
}

/** What every launcher uses; tests shorten it. */
export const proxyTimings: ProxyTimings = {
  connectMs: 10_000,
  firstConnectMs: 1000,
  answerMs: 300_000,
  lookMs: 250,
  retry: { baseMs: 400, maxMs: 2000 },
}
