/** How long the proxy waits for its target, in milliseconds. */
export interface ProxyTimings {
  /** For a connection, once the target has been reached. */
  readonly connectMs: number
  /** For a connection and for a check of the target, until it has been reached once. */
  readonly firstConnectMs: number
  /** For the head of a response, and between two pieces of it. */
  readonly answerMs: number
  /** Between two checks of the token file, because shared volumes give no events. */
  readonly lookMs: number
  /** Limits of the backoff between two tries of a held call. */
  readonly retry: { readonly baseMs: number; readonly maxMs: number }
}

/** The timings of every launcher; tests shorten them. */
export const proxyTimings: ProxyTimings = {
  connectMs: 10_000,
  firstConnectMs: 1000,
  answerMs: 300_000,
  lookMs: 250,
  retry: { baseMs: 400, maxMs: 2000 },
}
