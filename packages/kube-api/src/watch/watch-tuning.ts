import type { BackoffOptions } from '@agent-jobs/primitives'

/** Timing of a list-watch. */
export interface ListWatchTuning {
  /** A watch without a byte for this long is replaced by a new list. Bookmarks arrive about once a minute. */
  readonly silenceMs: number
  /** A WatchList that stalls before its end for this long is replaced by a plain list. */
  readonly initialSilenceMs: number
  /** Everything is listed again after this time, ±20 %, in case an event was dropped. */
  readonly relistMs: number
  /** The server is asked to end a watch after a random time between one and two of these. */
  readonly watchSeconds: number
  /** The same for a proxy that holds a body back until its end: no change is visible before. */
  readonly bufferedWatchSeconds: number
  /** A watch that lived this long was healthy: the backoff starts again from its base. */
  readonly healthyMs: number
  readonly backoff: Omit<BackoffOptions, 'random'>
}

/** The default timing of a client's watches. */
export const defaultTuning: ListWatchTuning = {
  silenceMs: 90_000,
  initialSilenceMs: 2_000,
  relistMs: 3_600_000,
  watchSeconds: 1_800,
  bufferedWatchSeconds: 10,
  healthyMs: 5_000,
  backoff: { baseMs: 200, maxMs: 10_000 },
}
