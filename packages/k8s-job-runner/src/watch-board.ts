import { KubeError, kinds, type KubeObject, type ListWatchEvent, type ResourceKind } from '@agent-jobs/kube-api'
import { backoffMs, createLatch, errorClause, type Latch } from '@agent-jobs/primitives'
import type { Job, Pod } from './kubernetes.ts'
import { label, managedSelector } from './labels.ts'
import { readJob, readPod } from './read-object.ts'
import type { RunnerContext } from './runner-context.ts'

/** The current or last state of a Job or a pod. */
export type BoardChange = { of: 'job'; gone: boolean; object: Job } | { of: 'pod'; gone: boolean; object: Pod }

/** One list-watch of Jobs and one of pods for all runs of a runner. It runs only while at least one holds it open. */
export interface WatchBoard {
  /** Keeps the watches open until the returned function is called. */
  hold(): () => void
  /** Resolves when both lists were read once since the watches were opened. */
  synced(signal: AbortSignal): Promise<void>
  /** Reports everything known about a Job and its pods, and every later change. By uid, or by `runTopic`. */
  subscribe(topic: string, listener: (change: BoardChange) => void): () => void
  /** The Job of a name, as far as the watch has seen it. */
  jobNamed(name: string): Job | undefined
}

/** The uid of the Job that controls a pod. */
function controllerUid(pod: Pod): string | undefined {
  const owner = pod.metadata?.ownerReferences?.find(({ kind, controller }) => kind === 'Job' && controller === true)
  return owner?.uid ?? pod.metadata?.labels?.['batch.kubernetes.io/controller-uid']
}

/** The topic of a listener that knows a run but not the uid of its Job. */
export const runTopic = (runHash: string | undefined): string => `run:${runHash ?? ''}`

interface Open {
  stop: AbortController
  jobs: Map<string, Job>
  pods: Map<string, Map<string, Pod>>
  synced: { job: Latch<void>; pod: Latch<void> }
}

/** Watches one kind until `signal` aborts, also after a refusal: access may be restored. */
async function keepWatching<T extends KubeObject>(
  context: RunnerContext,
  kind: ResourceKind<T>,
  on: (event: ListWatchEvent<T>) => void,
  signal: AbortSignal,
): Promise<void> {
  const { client, namespace, clock, random, warn } = context
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      for await (const event of client.listWatch(kind, { namespace, labelSelector: managedSelector, signal })) {
        attempt = 0
        on(event)
      }
    } catch (error) {
      if (signal.aborted) return
      if (KubeError.isInstance(error) && error.code === 'closed') {
        context.closed.abort()
        return
      }
      const message = `The ${kind.plural} of namespace ${namespace} cannot be watched: ${errorClause(error)}. Trying again.`
      warn({ code: 'watch_failed', message, cause: error })
      await clock
        .sleep(1000 + backoffMs(attempt, { baseMs: 1000, maxMs: 10_000, random }), signal)
        .catch(() => undefined)
    }
  }
}

/** Creates the board of a runner. */
export function createWatchBoard(context: RunnerContext): WatchBoard {
  const { warn } = context
  const listeners = new Map<string, Set<(change: BoardChange) => void>>()
  let holders = 0
  let open: Open | undefined

  function tell(topic: string, change: BoardChange): void {
    for (const listener of listeners.get(topic) ?? []) {
      try {
        listener(change)
      } catch (error) {
        // Listeners handle their own faults. One that throws anyway must not keep the change from the others.
        warn({ code: 'unexpected', message: `A listener to ${topic} failed: ${errorClause(error)}`, cause: error })
      }
    }
  }
  function onJob(board: Open, gone: boolean, seen: unknown): void {
    const object = readJob(seen)
    if (object === undefined) return
    const uid = object.metadata?.uid ?? ''
    if (gone) board.jobs.delete(uid)
    else board.jobs.set(uid, object)
    tell(uid, { of: 'job', gone, object })
    tell(runTopic(object.metadata?.labels?.[label.runHash]), { of: 'job', gone, object })
  }
  function onPod(board: Open, gone: boolean, seen: unknown): void {
    const object = readPod(seen)
    if (object === undefined) return
    const jobUid = controllerUid(object)
    const uid = object.metadata?.uid
    if (jobUid === undefined || uid === undefined) return
    const pods = board.pods.get(jobUid) ?? new Map<string, Pod>()
    if (gone) pods.delete(uid)
    else pods.set(uid, object)
    if (pods.size === 0) board.pods.delete(jobUid)
    else board.pods.set(jobUid, pods)
    tell(jobUid, { of: 'pod', gone, object })
  }

  function start(): Open {
    const board: Open = {
      stop: new AbortController(),
      jobs: new Map(),
      pods: new Map(),
      synced: { job: createLatch(), pod: createLatch() },
    }
    const ended = (error: unknown): void => {
      warn({ code: 'watch_failed', message: `A watch ended: ${errorClause(error)}`, cause: error })
    }
    const { signal } = board.stop
    const seeJobs = (event: ListWatchEvent<KubeObject>): void => {
      if (event.type === 'synced') board.synced.job.open()
      else onJob(board, event.type === 'deleted', event.object)
    }
    const seePods = (event: ListWatchEvent<KubeObject>): void => {
      if (event.type === 'synced') board.synced.pod.open()
      else onPod(board, event.type === 'deleted', event.object)
    }
    keepWatching(context, kinds.Job, seeJobs, signal).catch(ended)
    keepWatching(context, kinds.Pod, seePods, signal).catch(ended)
    return board
  }

  return {
    hold() {
      holders += 1
      open ??= start()
      let held = true
      return () => {
        if (!held) return
        held = false
        holders -= 1
        if (holders > 0) return
        open?.stop.abort()
        open = undefined
      }
    },
    async synced(signal) {
      if (open === undefined) throw new TypeError('Expected the board to be held while its sync is awaited')
      const { job, pod } = open.synced
      await Promise.all([job.wait(signal), pod.wait(signal)])
    },
    subscribe(topic, listener) {
      const known = listeners.get(topic) ?? new Set()
      listeners.set(topic, known.add(listener))
      const job = open?.jobs.get(topic)
      if (job !== undefined) listener({ of: 'job', gone: false, object: job })
      for (const pod of open?.pods.get(topic)?.values() ?? []) listener({ of: 'pod', gone: false, object: pod })
      return () => {
        known.delete(listener)
        if (known.size === 0) listeners.delete(topic)
      }
    },
    jobNamed(name) {
      for (const job of open?.jobs.values() ?? []) if (job.metadata?.name === name) return job
      return undefined
    },
  }
}
