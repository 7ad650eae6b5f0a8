import { openAbortScope, type AbortScope } from './abort-scope.ts'
import { backoffMs, type BackoffOptions } from './backoff.ts'
import type { Clock } from './clock.ts'
import { isGone } from './error-predicates.ts'
import { KubeError } from './kube-error.ts'
import { createObjectStore, type Change, type ObjectStore } from './object-store.ts'
import type { KubeObject } from './resource-kind.ts'
import type { WatchFrame, WatchSource } from './watch-source.ts'

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
  /** A watch that lived for so long was healthy: the backoff begins anew. */
  readonly healthyMs: number
  readonly backoff: BackoffOptions
}

/** How a watch keeps itself alive unless the client is told otherwise. */
export const defaultTuning: ListWatchTuning = {
  silenceMs: 90_000,
  initialSilenceMs: 2_000,
  relistMs: 3_600_000,
  watchSeconds: 1_800,
  healthyMs: 5_000,
  backoff: { baseMs: 200, maxMs: 10_000 },
}

/** What one list-watch needs: the calls, what is selected, and time and chance. */
export interface ReflectorOptions<T extends KubeObject> {
  readonly source: WatchSource<T>
  /** A plain list, for servers without WatchList. */
  readonly list: (signal: AbortSignal) => Promise<{ items: T[]; resourceVersion: string }>
  readonly clock: Clock
  readonly random: () => number
  readonly tuning: ListWatchTuning
  readonly onChanges: (changes: Change<T>[]) => void
  readonly onSynced: (resourceVersion: string) => void
  /** Called for each failure that is survived. */
  readonly onProblem: (error: KubeError) => void
}

/** Keeps a store like the server's, whatever happens to the connection. */
export interface Reflector<T extends KubeObject> {
  readonly store: ObjectStore<T>
  /** The version of the last whole list, once there was one. */
  readonly syncedAt: () => string | undefined
  /** Runs until the signal is aborted; throws when the first list is refused for good. */
  run(signal: AbortSignal): Promise<void>
}

// After so many refused watches in a row the version itself is suspect; a relist gets a good one.
const maxRefusals = 5
// A list older than what is known comes from a replica that lags, unless it keeps coming: then etcd was restored.
const maxStaleLists = 3

// The whole state may take so many times `initialSilenceMs` to arrive.
const initialPatience = 30

class Interruption extends Error {
  readonly why: 'silent' | 'relist due'
  constructor(why: 'silent' | 'relist due') {
    super(`This watch was interrupted: ${why}`)
    this.why = why
  }
}

/** Makes a reflector. It holds no connection until it runs. */
export function createReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { source, list, clock, random, tuning, onChanges, onSynced, onProblem } = options
  const store = createObjectStore<T>()
  let version: string | undefined
  let syncedAt: string | undefined
  let watchList: 'unknown' | 'no' = 'unknown'
  let relistAt = 0
  let staleLists = 0
  let failures = 0
  let refusals = 0

  function take(items: readonly T[], resourceVersion: string): void {
    const changes = store.replace(items, resourceVersion, { force: staleLists >= maxStaleLists })
    if (changes === 'stale') {
      staleLists += 1
      throw new KubeError({
        code: 'stale_list',
        message: `The list of ${source.name} has version ${resourceVersion}, older than what this watch has seen. A lagging API server gave it; listing again.`,
        retryable: true,
      })
    }
    staleLists = 0
    version = resourceVersion
    syncedAt = resourceVersion
    relistAt = clock.now() + tuning.relistMs * (0.8 + 0.4 * random())
    if (changes.length > 0) onChanges(changes)
    onSynced(resourceVersion)
  }

  /** Aborts the scope when nothing comes for too long or when a relist is due. */
  function guard(scope: AbortScope): { touch(): void; ended: Promise<void> } {
    const startedAt = clock.now()
    let lastByteAt = startedAt
    async function look(): Promise<void> {
      while (!scope.signal.aborted) {
        const initial = version === undefined
        // A busy server that takes WatchList for a plain watch is never silent and never says that the state is whole.
        const initialUntil = initial ? startedAt + initialPatience * tuning.initialSilenceMs : Infinity
        const silenceMs = initial ? Math.min(tuning.initialSilenceMs, tuning.silenceMs) : tuning.silenceMs
        const silentIn = Math.min(lastByteAt + silenceMs, initialUntil) - clock.now()
        const relistIn = initial ? Infinity : relistAt - clock.now()
        if (silentIn <= 0) scope.abort(new Interruption('silent'))
        else if (relistIn <= 0) scope.abort(new Interruption('relist due'))
        else await clock.sleep(Math.min(silentIn, relistIn), scope.signal)
      }
    }
    const ended = look().catch((error: unknown) => {
      if (!scope.signal.aborted) scope.abort(error)
    })
    return {
      touch: () => {
        lastByteAt = clock.now()
      },
      ended,
    }
  }

  async function follow(frames: AsyncIterable<WatchFrame<T>>): Promise<void> {
    // Only a watch without a version begins with the whole state.
    let initial: ObjectStore<T> | undefined = version === undefined ? createObjectStore<T>() : undefined
    for await (const frame of frames) {
      if (frame.type === 'bookmark') {
        if (initial && frame.initialEventsEnd) {
          take([...initial.objects.values()], frame.resourceVersion)
          initial = undefined
        } else if (!initial && frame.resourceVersion !== '') version = frame.resourceVersion
        // Changes may come between the objects of the state, so a store of its own sorts them out.
      } else if (initial) initial.apply(frame.object, frame.alive)
      else {
        const changes = store.apply(frame.object, frame.alive)
        version = frame.object.metadata?.resourceVersion ?? version
        if (changes.length > 0) onChanges(changes)
      }
      refusals = 0
    }
  }

  async function session(signal: AbortSignal): Promise<void> {
    // After a long absence the list is overdue: one request instead of a watch that would be interrupted at once.
    if (clock.now() >= relistAt) version = undefined
    if (version === undefined && watchList === 'no') {
      const { items, resourceVersion } = await list(signal)
      take(items, resourceVersion)
    }
    using scope = openAbortScope(signal)
    const timeoutSeconds = Math.round(tuning.watchSeconds * (1 + random()))
    let onBytes: () => void = () => undefined
    const frames = await source.watch({
      resourceVersion: version,
      timeoutSeconds,
      signal: scope.signal,
      onBytes: () => onBytes(),
    })
    // From the headers on: until then the request's own deadline counts.
    const watchdog = guard(scope)
    onBytes = watchdog.touch
    try {
      await follow(frames)
    } finally {
      scope.abort()
      await watchdog.ended
    }
  }

  function silenceError(initial: boolean): KubeError {
    const what = initial ? 'did not tell its whole state in time' : `brought no byte for ${tuning.silenceMs} ms`
    return new KubeError({
      code: 'timeout',
      message: `The watch of ${source.name} ${what}; listing again.`,
      retryable: true,
    })
  }

  /** Decides what a broken session means. Returns how long to wait, or throws when there is no hope. */
  function judge(error: unknown): number {
    const pause = (retryAfterMs?: number) => {
      failures += 1
      return backoffMs(failures - 1, tuning.backoff, random, retryAfterMs)
    }
    const initial = version === undefined
    if (error instanceof Interruption) {
      // Silence at the start: a server that takes WatchList for a plain watch never says that the state is whole.
      if (initial && watchList === 'unknown') watchList = 'no'
      version = undefined
      if (error.why === 'silent') onProblem(silenceError(initial))
      return 0
    }
    if (!KubeError.isInstance(error)) throw error
    if (initial && watchList === 'unknown' && (error.status === 400 || error.status === 422)) {
      watchList = 'no'
      return 0
    }
    if (isGone(error)) {
      onProblem(error)
      const firstTime = version !== undefined
      version = undefined
      return firstTime ? 0 : pause(error.retryAfterMs)
    }
    if (!error.retryable && syncedAt === undefined) throw error
    onProblem(error)
    if (error.status !== undefined || error.code === 'bad_response' || error.code === 'response_too_large')
      refusals += 1
    // A line that cannot be read would come again and again at this version; so would a version the server cannot take.
    if (error.code === 'bad_response' || refusals >= maxRefusals) version = undefined
    return pause(error.retryAfterMs)
  }

  async function sleptWell(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await clock.sleep(ms, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return !signal.aborted
  }

  return {
    store,
    syncedAt: () => syncedAt,
    async run(signal) {
      while (!signal.aborted) {
        const startedAt = clock.now()
        let waitMs = 0
        try {
          await session(signal)
          // A server that took the question for another one (a plain list, a watch that just ends) is asked for a list.
          if (version === undefined) watchList = 'no'
          // Ended cleanly. A server that ends each watch at once is not asked again at once.
          if (clock.now() - startedAt < tuning.healthyMs) {
            failures += 1
            waitMs = backoffMs(failures - 1, tuning.backoff, random)
          }
        } catch (error) {
          if (signal.aborted) return
          if (clock.now() - startedAt >= tuning.healthyMs) failures = 0
          waitMs = judge(error)
        }
        if (waitMs > 0 && !(await sleptWell(waitMs, signal))) return
      }
    },
  }
}
