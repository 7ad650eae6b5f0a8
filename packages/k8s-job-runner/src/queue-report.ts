import type { KubeObject } from '@agent-jobs/kube-api'

/** What Kueue's Workload reports about its Job. */
export interface QueueReport {
  /** `deactivated`: it will not be admitted until an administrator activates it again. */
  readonly state: 'waiting' | 'admitted' | 'deactivated'
  /** Kueue's reason and message for this state. */
  readonly reason?: string | undefined
  readonly message?: string | undefined
  /** Position in the LocalQueue, from 1, while it waits. */
  readonly position?: number | undefined
  /** It was admitted before and lost its quota again. */
  readonly evicted?: { readonly reason: string | undefined; readonly message: string | undefined } | undefined
}

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

interface Condition {
  isTrue: boolean
  reason: string | undefined
  message: string | undefined
}

function conditionOf(status: unknown, type: string): Condition | undefined {
  const conditions: unknown = isFields(status) ? status['conditions'] : undefined
  if (!Array.isArray(conditions)) return undefined
  const found: unknown = conditions.find((condition) => isFields(condition) && condition['type'] === type)
  if (!isFields(found)) return undefined
  return { isTrue: found['status'] === 'True', reason: text(found['reason']), message: text(found['message']) }
}

/** The uid of the Job that a Workload belongs to. */
export function workloadJobUid({ metadata }: KubeObject): string | undefined {
  return (
    text(metadata?.labels?.['kueue.x-k8s.io/job-uid']) ??
    text(metadata?.ownerReferences?.find(({ kind, controller }) => kind === 'Job' && controller === true)?.uid)
  )
}

/** Reads a Workload. Pure; every field is checked. */
export function readWorkload(workload: KubeObject): QueueReport {
  const { spec, status } = workload as { spec?: unknown; status?: unknown }
  const evictedNow = conditionOf(status, 'Evicted')
  const evicted =
    evictedNow === undefined ? {} : { evicted: { reason: evictedNow.reason, message: evictedNow.message } }
  if (isFields(spec) && spec['active'] === false) {
    // The conditions are updated a moment later and are outdated until then.
    const isExplained = evictedNow?.reason?.startsWith('Deactivated') === true
    const { reason, message } = isExplained ? evictedNow : { reason: 'Deactivated', message: undefined }
    return { state: 'deactivated', reason, message, ...evicted }
  }
  const admitted = conditionOf(status, 'Admitted')
  if (admitted?.isTrue === true)
    return { state: 'admitted', reason: admitted.reason, message: admitted.message, ...evicted }
  const { reason, message } = conditionOf(status, 'QuotaReserved') ?? {}
  return { state: 'waiting', reason, message, ...evicted }
}

/** The position of a Workload in the response of Kueue's visibility API, from 1. */
export function positionOf(summary: unknown, workload: string): number | undefined {
  const items: unknown = isFields(summary) ? summary['items'] : undefined
  if (!Array.isArray(items)) return undefined
  const found: unknown = items.find(
    (item) => isFields(item) && isFields(item['metadata']) && item['metadata']['name'] === workload,
  )
  const position = isFields(found) ? found['positionInLocalQueue'] : undefined
  return typeof position === 'number' && Number.isSafeInteger(position) && position >= 0 ? position + 1 : undefined
}
