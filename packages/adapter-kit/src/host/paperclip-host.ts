import { createBackoff, createLatch, errorMessage, firstOf, type Clock, type Latch } from '@agent-jobs/primitives'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { AdapterDependencies } from '../adapter-dependencies.ts'

/** The callbacks that report a run to Paperclip. */
export type HostCallbacks = Pick<
  AdapterExecutionContext,
  'onLog' | 'onEvent' | 'onMeta' | 'onRuntimeProgress' | 'onCancellationReady' | 'onDispatch' | 'onSpawn'
>

type Argument<Name extends 'onEvent' | 'onMeta' | 'onRuntimeProgress'> = Parameters<NonNullable<HostCallbacks[Name]>>[0]

/**
 * The one place that calls Paperclip. No method rejects or throws: a callback that fails is retried, in order with the
 * calls queued after it, and what cannot be delivered in time is dropped and counted.
 */
export interface PaperclipHost {
  /** Resolves at once, or when there is room again: up to 1 Mi characters wait to be delivered. */
  log(stream: 'stdout' | 'stderr', chunk: string): Promise<void>
  meta(meta: Argument<'onMeta'>): void
  event(event: Argument<'onEvent'>): void
  progress(update: Argument<'onRuntimeProgress'>): void
  /** Paperclip may cancel the run from here on. Resolves after the first attempt. */
  cancellationReady(): Promise<void>
  dispatch(): void
  /** From here on, a process of this server represents the run. */
  atWork(process: { pid: number; startedAt: string }): void
  /** Resolves when everything is delivered or given up; takes at most `longestMs`. */
  close(longestMs: number): Promise<void>
}

interface Call {
  readonly name: keyof HostCallbacks
  readonly size: number
  make(): unknown
}

// How long to retry while the server's disk or database fails; later calls wait behind the failing one.
const patienceMs = 60_000
const retry = { baseMs: 100, maxMs: 2_000 }
// Limits what is buffered for a host that does not answer.
const maxQueuedChars = 1024 * 1024

/** Guards the callbacks of one run. Calls `onWarning` once when a callback fails, and once when something was lost. */
export function guardHost(
  callbacks: HostCallbacks,
  { clock, onWarning }: { clock: Clock; onWarning: AdapterDependencies['onWarning'] },
): PaperclipHost {
  let warned = false
  let lost = 0
  const stop = new AbortController()
  const onProblem = (name: string, error: unknown): void => {
    if (warned) return
    warned = true
    onWarning(`Paperclip failed to take what a run reports (${name}): ${errorMessage(error)}. It is retried.`, {
      code: 'report_failed',
    })
  }
  const lane = (): Lane => createLane({ clock, stop: stop.signal, onProblem, onLost: (calls) => void (lost += calls) })
  // Readiness must neither delay the log nor wait for it.
  const [reports, readiness] = [lane(), lane()]
  const report = (name: keyof HostCallbacks, make: () => unknown): void => reports.add({ name, size: 1, make })
  return {
    async log(stream, chunk) {
      reports.add({ name: 'onLog', size: chunk.length, make: () => callbacks.onLog(stream, chunk) })
      await reports.room()
    },
    meta: (meta) => report('onMeta', () => callbacks.onMeta?.(meta)),
    event: (event) => report('onEvent', () => callbacks.onEvent?.(event)),
    progress: (update) => report('onRuntimeProgress', () => callbacks.onRuntimeProgress?.(update)),
    async cancellationReady() {
      const attempted = createLatch()
      const make = async (): Promise<void> => {
        try {
          await callbacks.onCancellationReady?.()
        } finally {
          attempted.open()
        }
      }
      readiness.add({ name: 'onCancellationReady', size: 1, make })
      await firstOf([(s) => attempted.wait(s), (s) => clock.sleep(patienceMs, s)])
    },
    dispatch: () => report('onDispatch', () => callbacks.onDispatch?.()),
    atWork: ({ pid, startedAt }) =>
      report('onSpawn', () => callbacks.onSpawn?.({ pid, processGroupId: null, startedAt })),
    async close(longestMs) {
      await firstOf([
        async (signal) => {
          await reports.idle(signal)
          await readiness.idle(signal)
        },
        (signal) => clock.sleep(longestMs, signal),
      ])
      stop.abort()
      lost += reports.left() + readiness.left()
      if (lost > 0)
        onWarning(`Paperclip did not take ${lost} report(s) of a run within its time; they are lost.`, {
          code: 'reports_lost',
        })
    },
  }
}

interface Lane {
  add(call: Call): void
  /** Resolves when few enough characters are waiting, or when that can no longer be expected. */
  room(): Promise<void>
  idle(signal: AbortSignal): Promise<void>
  left(): number
}

/** Makes calls one after the other, each until it succeeds or times out. */
function createLane(o: {
  clock: Clock
  stop: AbortSignal
  onProblem: (name: string, error: unknown) => void
  onLost: (calls: number) => void
}): Lane {
  const { clock, stop } = o
  const queue: Call[] = []
  let queued = 0
  // After a call was given up, the next ones are tried once each until one succeeds: an outage costs the timeout once.
  let patient = true
  let current: Call | null = null
  // Opened at each step of the queue, and replaced.
  let stepped: Latch<void> = createLatch()

  const attempt = async (call: Call): Promise<void> => {
    const backoff = createBackoff(retry)
    const until = clock.now() + (patient ? patienceMs : 0)
    for (;;) {
      try {
        await call.make()
        patient = true
        return
      } catch (error) {
        o.onProblem(call.name, error)
        if (clock.now() >= until) {
          patient = false
          o.onLost(1)
          return
        }
      }
      await clock.sleep(backoff.next(), stop)
    }
  }
  const isBusy = (): boolean => current !== null && !stop.aborted
  const step = (): void => {
    const waiting = stepped
    stepped = createLatch()
    waiting.open()
  }
  const pump = async (): Promise<void> => {
    try {
      for (current = queue.shift() ?? null; current !== null && !stop.aborted; current = queue.shift() ?? null) {
        await attempt(current)
        queued -= current.size
        step()
      }
    } catch (error) {
      // The stop ended a pause between two attempts; its caller counts what is left.
      if (!stop.aborted) throw error
    }
    step()
  }
  /** A call that neither succeeds nor fails must not block the run: calls that wait behind it are dropped. */
  const dropWaiting = (): void => {
    o.onLost(queue.length)
    for (const { size } of queue.splice(0)) queued -= size
  }
  return {
    add(call) {
      if (stop.aborted) return
      queue.push(call)
      queued += call.size
      // Owned by `close`, which waits until it is idle or stops it; nothing that a host does makes it reject.
      if (current === null) void pump()
    },
    async room() {
      let full = queued > maxQueuedChars
      while (full && !stop.aborted) {
        const waiting = stepped
        const moved = await firstOf([
          (s) => waiting.wait(s).then(() => true),
          (s) => clock.sleep(patienceMs, s).then(() => false),
        ])
        if (!moved) dropWaiting()
        full = moved && queued > maxQueuedChars
      }
    },
    async idle(signal) {
      while (isBusy()) await stepped.wait(signal)
    },
    left: () => queue.length + (current === null ? 0 : 1),
  }
}
