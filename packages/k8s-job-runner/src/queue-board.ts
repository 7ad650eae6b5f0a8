import { isForbidden, isNotFound, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import { backoffMs, errorClause } from '@agent-jobs/primitives'
import type { QueueBoard, QueueNews } from './queue-news.ts'
import { positionOf, readWorkload, workloadJobUid, type QueueReport } from './queue-report.ts'
import type { RunnerContext } from './runner-context.ts'

const versions = ['v1beta2', 'v1beta1'] as const
type Version = (typeof versions)[number]

const workloads = (version: Version): ResourceKind<KubeObject> => ({
  apiVersion: `kueue.x-k8s.io/${version}`,
  kind: 'Workload',
  plural: 'workloads',
  namespaced: true,
})

interface Listener {
  queue: string
  listener: (news: QueueNews) => void
}

/** Creates the board of a runner. */
export function createQueueBoard(context: Omit<RunnerContext, 'queues'>): QueueBoard {
  const { client, namespace, clock, random, warn } = context
  const listeners = new Map<string, Set<Listener>>()
  const known = new Map<string, KubeObject>()
  let open: AbortController | undefined
  let unreadable: string | undefined

  function tell(jobUid: string, news: QueueNews): void {
    for (const { listener } of listeners.get(jobUid) ?? []) {
      try {
        listener(news)
      } catch (error) {
        warn({ code: 'unexpected', message: `A listener to a queue failed: ${errorClause(error)}.`, cause: error })
      }
    }
  }

  /** Reports a Workload, and its position in the queue while it waits. */
  function report(jobUid: string, workload: KubeObject, signal: AbortSignal): void {
    const found = readWorkload(workload)
    tell(jobUid, { kind: 'report', report: found })
    const queue = [...(listeners.get(jobUid) ?? [])][0]?.queue
    const name = workload.metadata?.name
    if (found.state !== 'waiting' || queue === undefined || name === undefined) return
    reportPosition(jobUid, workload, { queue, name, found, signal }).catch((error: unknown) => {
      if (signal.aborted) return
      warn({ code: 'queue_position', message: `Kueue's visibility API failed: ${errorClause(error)}.`, cause: error })
    })
  }

  async function reportPosition(
    jobUid: string,
    workload: KubeObject,
    o: { queue: string; name: string; found: QueueReport; signal: AbortSignal },
  ): Promise<void> {
    const place = await position(o.queue, o.name, o.signal)
    // An answer that arrives after the next change is outdated.
    if (place === undefined || known.get(jobUid) !== workload) return
    tell(jobUid, { kind: 'report', report: { ...o.found, position: place } })
  }

  /** The visibility API is an optional part of Kueue: without it the position is unknown. */
  async function position(queue: string, workload: string, signal: AbortSignal): Promise<number | undefined> {
    for (const version of versions) {
      const path = `/apis/visibility.kueue.x-k8s.io/${version}/namespaces/${encodeURIComponent(namespace)}/localqueues/${encodeURIComponent(queue)}/pendingworkloads`
      try {
        return positionOf(await client.request<unknown>({ method: 'GET', path, signal }), workload)
      } catch (error) {
        if (!isNotFound(error) && !isForbidden(error)) throw error
      }
    }
    return undefined
  }

  async function watch(version: Version, signal: AbortSignal): Promise<void> {
    for await (const event of client.listWatch(workloads(version), { namespace, signal })) {
      unreadable = undefined
      if (event.type === 'synced') continue
      const jobUid = workloadJobUid(event.object)
      if (jobUid === undefined) continue
      if (event.type === 'deleted') known.delete(jobUid)
      else {
        known.set(jobUid, event.object)
        report(jobUid, event.object, signal)
      }
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const version = versions[attempt % versions.length] ?? 'v1beta2'
      try {
        await watch(version, signal)
      } catch (error) {
        if (signal.aborted) return
        const isLast = attempt % versions.length === versions.length - 1
        if (isNotFound(error) && !isLast) continue
        unreadable = isNotFound(error)
          ? 'Kueue is not installed in this cluster'
          : `Kueue's Workloads cannot be read: ${errorClause(error)}`
        warn({ code: 'queue_unreadable', message: `${unreadable}.`, cause: error })
        for (const jobUid of listeners.keys()) tell(jobUid, { kind: 'unreadable', problem: unreadable })
        await clock.sleep(10_000 + backoffMs(attempt, { baseMs: 1000, maxMs: 60_000, random }), signal).catch(() => {})
      }
    }
  }

  return {
    subscribe(jobUid, queue, listener) {
      const entry = { queue, listener }
      listeners.set(jobUid, (listeners.get(jobUid) ?? new Set()).add(entry))
      if (open === undefined) {
        open = new AbortController()
        run(open.signal).catch((error: unknown) => {
          warn({ code: 'unexpected', message: `Watching the queue failed: ${errorClause(error)}.`, cause: error })
        })
      } else if (unreadable !== undefined) {
        listener({ kind: 'unreadable', problem: unreadable })
      }
      const workload = known.get(jobUid)
      if (workload !== undefined) report(jobUid, workload, open.signal)
      return () => {
        const entries = listeners.get(jobUid)
        entries?.delete(entry)
        if (entries?.size === 0) listeners.delete(jobUid)
        if (listeners.size > 0) return
        open?.abort()
        open = undefined
        unreadable = undefined
        known.clear()
      }
    },
  }
}
