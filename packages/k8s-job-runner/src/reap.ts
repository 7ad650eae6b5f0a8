import { isConflict, isNotFound, kinds } from '@agent-jobs/kube-api'
import { errorClause } from '@agent-jobs/primitives'
import { instant, type Job, type Pod, type Secret } from './kubernetes.ts'
import { annotation, label, managedSelector } from './labels.ts'
import { isJobFinished, isPodTerminal } from './read-pod.ts'
import type { RunnerContext } from './runner-context.ts'
import { expireSidecars } from './stop-pod.ts'
import { findStuckRuns, type StuckRun } from './stuck-runs.ts'

/** One entry of a store. */
export interface ReapEntry {
  id: string
  runId: string | undefined
  changedAt: number
  /** The store's own verdict on an entry that belongs to no run. */
  verdict?: { orphaned: boolean; reason: string }
}

/** Removable things besides the runs' own Secrets: journals, bundles, claims. */
export interface ReapStore {
  /** The kind of thing in the store, in one word. */
  kind: string
  /** Lists the entries. Entries without run id and verdict belong to no particular run and are left alone. */
  list(signal?: AbortSignal): AsyncIterable<ReapEntry>
  remove(id: string, signal?: AbortSignal): Promise<void>
}

/** Options of a reap. */
export interface ReapOptions {
  /** Only reports what would be removed. */
  dryRun: boolean
  /** Anything younger is left alone. Default one hour. */
  olderThanMs?: number
  stores?: readonly ReapStore[]
  signal?: AbortSignal
}

/** One thing that was checked. */
export interface ReapItem {
  kind: string
  id: string
  runId: string | undefined
  /** The reason for both `kept` and `removed`. */
  action: 'removed' | 'would_remove' | 'kept' | 'failed'
  reason: string
}

/** Everything that was checked. */
export interface ReapReport {
  dryRun: boolean
  items: ReapItem[]
}

interface Living {
  /** Hashes of runs that may still be running. */
  hashes: Set<string>
  ids: Set<string>
}

function living(jobs: readonly Job[], pods: readonly Pod[]): Living {
  const hashes = new Set<string>()
  const ids = new Set<string>()
  const objects = [...jobs.filter((job) => !isJobFinished(job)), ...pods.filter((pod) => !isPodTerminal(pod))]
  for (const { metadata } of objects) {
    const hash = metadata?.labels?.[label.runHash]
    const id = metadata?.annotations?.[annotation.runId]
    if (hash !== undefined) hashes.add(hash)
    if (id !== undefined) ids.add(id)
  }
  return { hashes, ids }
}

function verdictOf(
  secret: Secret,
  alive: Living,
  ageMs: number,
  olderThanMs: number,
): { remove: boolean; reason: string } {
  const hash = secret.metadata?.labels?.[label.runHash]
  if (hash === undefined) return { remove: false, reason: 'it does not say which run it is for' }
  if (alive.hashes.has(hash)) return { remove: false, reason: 'its run is live' }
  if (!(ageMs >= olderThanMs)) return { remove: false, reason: 'it is young' }
  return { remove: true, reason: 'no live Job or pod refers to it' }
}

function entryVerdict(
  { runId, verdict }: ReapEntry,
  alive: Living,
  ageMs: number,
  olderThanMs: number,
): { remove: boolean; reason: string } {
  if (verdict?.orphaned === false) return { remove: false, reason: verdict.reason }
  if (verdict === undefined && runId === undefined) {
    return { remove: false, reason: 'it does not say which run it is for' }
  }
  if (runId !== undefined && alive.ids.has(runId)) return { remove: false, reason: 'its run is live' }
  if (!(ageMs >= olderThanMs)) return { remove: false, reason: 'it is young' }
  return { remove: true, reason: verdict?.reason ?? 'no live Job or pod refers to it' }
}

/** Carries out what reap decides, and records it. */
function createReaper(dryRun: boolean, signal: AbortSignal | undefined) {
  const items: ReapItem[] = []
  return {
    items,
    keep: (item: Omit<ReapItem, 'action'>): void => void items.push({ ...item, action: 'kept' }),
    async remove(item: Omit<ReapItem, 'action'>, act: () => Promise<void>): Promise<void> {
      if (dryRun) {
        items.push({ ...item, action: 'would_remove' })
        return
      }
      try {
        await act()
        items.push({ ...item, action: 'removed' })
      } catch (error) {
        if (signal?.aborted) throw error
        if (isNotFound(error)) items.push({ ...item, action: 'removed', reason: 'it was gone already' })
        else if (isConflict(error)) items.push({ ...item, action: 'kept', reason: 'it changed in the meantime' })
        else items.push({ ...item, action: 'failed', reason: errorClause(error) })
      }
    },
  }
}
type Reaper = ReturnType<typeof createReaper>

/** Ends a stuck run. A pod that starts at this very moment has another version, and is left alone. */
async function endStuckRun(
  context: RunnerContext,
  run: StuckRun,
  reaper: Reaper,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { client, namespace } = context
  const { reason, job } = run
  const runId = job.metadata?.annotations?.[annotation.runId]
  const exactly = ({ metadata }: Job | Pod) => ({
    name: metadata?.name ?? '',
    namespace,
    preconditions: { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion },
    signal,
  })
  if (run.kind === 'sidecars_stay') {
    const item = { kind: 'Pod', id: run.pod.metadata?.name ?? '', runId, reason }
    await reaper.remove(item, () => expireSidecars(context, run.pod, signal))
    return
  }
  const [pod] = run.pods
  if (pod !== undefined) {
    const item = { kind: 'Pod', id: pod.metadata?.name ?? '', runId, reason }
    await reaper.remove(item, () => client.delete(kinds.Pod, exactly(pod)))
    return
  }
  const item = { kind: 'Job', id: job.metadata?.name ?? '', runId, reason }
  await reaper.remove(item, () => client.delete(kinds.Job, { ...exactly(job), propagationPolicy: 'Foreground' }))
}

/**
 * Removes Secrets, and entries of the stores, that no live Job or pod refers to, and ends stuck runs. Anything in
 * use, young or not understood is kept. Runs are listed after the Secrets, so that one made in between is seen with its Job.
 */
export async function reap(context: RunnerContext, options: ReapOptions): Promise<ReapReport> {
  const { client, namespace, clock } = context
  const { dryRun, olderThanMs = 3_600_000, stores = [], signal } = options
  if (!(olderThanMs >= 0)) {
    throw new TypeError(`Expected \`olderThanMs\` to be a non-negative number, got \`${olderThanMs}\``)
  }
  const selection = { namespace, labelSelector: managedSelector, signal }
  const reaper = createReaper(dryRun, signal)
  const { items: secrets } = await client.list(kinds.Secret, selection)
  const entries: (ReapEntry & { store: ReapStore })[] = []
  for (const store of stores) for await (const entry of store.list(signal)) entries.push({ store, ...entry })
  const [{ items: jobs }, { items: pods }] = await Promise.all([
    client.list(kinds.Job, selection),
    client.list(kinds.Pod, selection),
  ])
  const now = clock.wallTime()
  const alive = living(jobs, pods)
  for (const run of findStuckRuns(jobs, pods, now)) {
    const age = now - (instant(run.job.metadata?.creationTimestamp) ?? Number.NaN)
    if (age >= olderThanMs) await endStuckRun(context, run, reaper, signal)
  }
  for (const secret of secrets) {
    const { name = '', uid, resourceVersion, creationTimestamp, annotations = {} } = secret.metadata ?? {}
    const ageMs = now - (instant(creationTimestamp) ?? Number.NaN)
    const { remove, reason } = verdictOf(secret, alive, ageMs, olderThanMs)
    const item = { kind: 'Secret', id: name, runId: annotations[annotation.runId], reason }
    const preconditions = { uid, resourceVersion }
    if (remove) await reaper.remove(item, () => client.delete(kinds.Secret, { name, namespace, preconditions, signal }))
    else reaper.keep(item)
  }
  for (const { store, ...entry } of entries) {
    const { id, runId } = entry
    const { remove, reason } = entryVerdict(entry, alive, now - entry.changedAt, olderThanMs)
    const item = { kind: store.kind, id, runId, reason }
    if (remove) await reaper.remove(item, () => store.remove(id, signal))
    else reaper.keep(item)
  }
  return { dryRun, items: reaper.items }
}
