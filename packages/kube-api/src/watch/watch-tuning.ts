import type { BackoffOptions } from '@agent-jobs/primitives'

/** How a list-watch keeps itself alive. */
export interface ListWatchTuning {
  /** A watch that brings no byte for so long is replaced by a new list. Bookmarks come about once a minute. */
  readonly silenceMs: number
  /** A WatchList that stops before its end for so long is given up for a plain list. */
  readonly initialSilenceMs: number
  /** Everything is listed again after this time, ±20 %, in case an event was dropped. */
  readonly relistMs: number
  /** The server is asked to end a watch after a random time between one and two of these. */
  readonly watchSeconds: number
  /** The same for a proxy that holds a body back until its end: no change is seen before. */
  readonly bufferedWatchSeconds: number
  /** A watch that lived for so long was healthy: the backoff starts again from its base. */
  readonly healthyMs: number
  readonly backoff: Omit<BackoffOptions, 'random'>
}

/** How a watch keeps itself alive unless the client is told otherwise. */
export const defaultTuning: ListWatchTuning = {
  silenceMs: 90_000,
  initialSilenceMs: 2_000,
  relistMs: 3_600_000,
  watchSeconds: 1_800,
  bufferedWatchSeconds: 10,
  healthyMs: 5_000,
  backoff: { baseMs: 200, maxMs: 10_000 },
}
