import { openAbortScope, type Clock } from '@agent-jobs/primitives'
import { KubeError } from '../kube-error.ts'
import type { KubeObject } from '../resource-kind.ts'
import { createObjectStore, type Change, type ObjectStore } from './object-store.ts'
import { freshState, nextStep, type SessionEnd, type WatchState } from './watch-state.ts'
import type { WatchFrame, WatchSource } from './watch-source.ts'
import type { ListWatchTuning } from './watch-tuning.ts'
import { Interruption, startWatchdog, type Deadlines } from './watchdog.ts'

/** What one list-watch needs: the calls, the selection, clock and randomness. */
export interface ReflectorOptions<T extends KubeObject> {
  readonly source: WatchSource<T>
  /** A plain list, for servers without WatchList. */
  readonly list: (signal: AbortSignal) => Promise<{ items: T[]; resourceVersion: string }>
  readonly clock: Clock
  readonly random: () => number
  readonly tuning: ListWatchTuning
  readonly onChanges: (changes: Change<T>[]) => void
  readonly onSynced: (resourceVersion: string) => void
  /** Called for each recoverable failure, with the number of failures in a row. */
  readonly onProblem: (error: KubeError, failures: number) => void
}

/** Keeps a store in sync with the server, whatever happens to the connection. */
export interface Reflector<T extends KubeObject> {
  readonly store: ObjectStore<T>
  /** The version of the last complete list, if any. */
  readonly syncedAt: () => string | undefined
  /** Runs until the signal is aborted; throws when the first list is refused permanently. */
  run(signal: AbortSignal): Promise<void>
}

// A list older than the known state comes from a lagging replica, unless it keeps coming: then etcd was restored.
const maxStaleLists = 3

// The whole state may take this many times `initialSilenceMs` to arrive.
const initialPatience = 30

/** How a session ended, as data; bugs are rethrown. */
function endOf(error: unknown): SessionEnd {
  if (error instanceof Interruption) return { kind: 'interrupted', why: error.why }
  if (KubeError.isInstance(error)) return { kind: 'failed', error }
  throw error
}

/** Creates a reflector. It opens no connection until it runs. */
export function createReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { source, list, clock, random, tuning, onChanges, onSynced, onProblem } = options
  const store = createObjectStore<T>()
  let state: WatchState = freshState
  let wasOpen = false

  function take(items: readonly T[], resourceVersion: string): void {
    const changes = store.replace(items, resourceVersion, { force: state.staleLists >= maxStaleLists })
    if (changes === 'stale') {
      state = { ...state, staleLists: state.staleLists + 1 }
      throw new KubeError({
        code: 'stale_list',
        message: `The list of ${source.name} has version ${resourceVersion}, older than what this watch has seen. A lagging API server gave it; listing again.`,
        retryable: true,
      })
    }
    const relistAt = clock.now() + tuning.relistMs * (0.8 + 0.4 * random())
    state = { ...state, staleLists: 0, version: resourceVersion, syncedAt: resourceVersion, relistAt }
    if (changes.length > 0) onChanges(changes)
    onSynced(resourceVersion)
  }

  async function follow(frames: AsyncIterable<WatchFrame<T>>): Promise<void> {
    // Only a watch without a version begins with the whole state. Changes may arrive between its objects, so a separate
    // store sorts them out.
    let initial: ObjectStore<T> | undefined = state.version === undefined ? createObjectStore<T>() : undefined
    for await (const frame of frames) {
      if (frame.type === 'bookmark') {
        if (initial && frame.initialEventsEnd) {
          take([...initial.objects.values()], frame.resourceVersion)
          initial = undefined
        } else if (!initial && frame.resourceVersion !== '') state = { ...state, version: frame.resourceVersion }
      } else if (initial) initial.apply(frame.object, frame.alive)
      else {
        const changes = store.apply(frame.object, frame.alive)
        state = { ...state, version: frame.object.metadata?.resourceVersion ?? state.version }
        if (changes.length > 0) onChanges(changes)
      }
      if (state.refusals > 0) state = { ...state, refusals: 0 }
    }
  }

  /** Until the state is complete, silence means something else, and no list is due. */
  function deadlines(startedAt: number): Deadlines {
    const { silenceMs, initialSilenceMs } = tuning
    if (state.version !== undefined) return { silenceMs, silentAt: Infinity, relistAt: state.relistAt }
    // A busy server that treats WatchList as a plain watch is never silent and never reports that the state is complete.
    const silentAt = startedAt + initialPatience * initialSilenceMs
    return { silenceMs: Math.min(initialSilenceMs, silenceMs), silentAt, relistAt: Infinity }
  }

  async function session(signal: AbortSignal): Promise<void> {
    // After a long absence the list is overdue: one request instead of a watch that would be interrupted at once.
    if (clock.now() >= state.relistAt) state = { ...state, version: undefined }
    if (state.version === undefined && state.start === 'list') {
      const { items, resourceVersion } = await list(signal)
      take(items, resourceVersion)
    }
    using scope = openAbortScope(signal)
    let onBytes: () => void = () => undefined
    const frames = await source.watch({
      resourceVersion: state.version,
      timeoutSeconds: Math.round(
        (state.isBuffered ? tuning.bufferedWatchSeconds : tuning.watchSeconds) * (1 + random()),
      ),
      signal: scope.signal,
      onBytes: () => onBytes(),
    })
    wasOpen = true
    // Starts with the headers: until then the request's own deadline counts.
    const startedAt = clock.now()
    const watchdog = startWatchdog(clock, scope, () => deadlines(startedAt))
    onBytes = watchdog.touch
    try {
      await follow(frames)
    } finally {
      scope.abort()
      await watchdog.ended
    }
  }

  async function trySession(signal: AbortSignal): Promise<SessionEnd> {
    try {
      await session(signal)
      return { kind: 'ended' }
    } catch (error) {
      return signal.aborted ? { kind: 'ended' } : endOf(error)
    }
  }

  return {
    store,
    syncedAt: () => state.syncedAt,
    async run(signal) {
      while (!signal.aborted) {
        const startedAt = clock.now()
        wasOpen = false
        const end = await trySession(signal)
        if (signal.aborted) return
        const context = { name: source.name, livedMs: clock.now() - startedAt, wasOpen, tuning, random }
        const { state: next, waitMs, problem, giveUp } = nextStep(state, end, context)
        state = next
        if (giveUp) throw giveUp
        if (problem) onProblem(problem, state.failures)
        if (waitMs > 0 && !(await slept(clock, waitMs, signal))) return
      }
    },
  }
}

/** Sleeps; false when the signal ended it. */
async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return !signal.aborted
}
