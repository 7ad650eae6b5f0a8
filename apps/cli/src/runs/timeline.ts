import type { CoreV1Event, V1Job, V1Pod } from '@kubernetes/client-node'

/** One moment of a run. */
export interface Moment {
  readonly at: number
  readonly what: string
  /** `warning` for what went wrong. */
  readonly level: 'normal' | 'warning'
}

const time = (value: Date | string | undefined | null): number | undefined => {
  const at = value === undefined || value === null ? Number.NaN : new Date(value).getTime()
  return Number.isNaN(at) ? undefined : at
}

/** What happened to a run, in order, by its objects and their Events. Pure. */
export function timelineOf(job: V1Job, pod: V1Pod | undefined, events: readonly CoreV1Event[]): Moment[] {
  const moments: Moment[] = []
  const add = (at: number | undefined, what: string, level: Moment['level'] = 'normal'): void => {
    if (at !== undefined) moments.push({ at, what, level })
  }
  const { metadata, status } = job
  add(time(metadata?.creationTimestamp), 'submitted')
  for (const { type, status: is, lastTransitionTime, reason, message } of status?.conditions ?? []) {
    if (is !== 'True') continue
    if (type === 'Suspended') add(time(lastTransitionTime), 'queued: the Job is suspended until a queue admits it')
    if (type === 'Complete') add(time(lastTransitionTime), 'Job complete')
    if (type === 'Failed')
      add(time(lastTransitionTime), `Job failed: ${[reason, message].filter(Boolean).join(': ')}`, 'warning')
  }
  add(time(pod?.metadata?.creationTimestamp), `pod ${pod?.metadata?.name} created`)
  for (const { type, status: is, lastTransitionTime, reason, message } of pod?.status?.conditions ?? []) {
    if (type === 'PodScheduled' && is === 'True')
      add(time(lastTransitionTime), `scheduled to node ${pod?.spec?.nodeName}`)
    if (type === 'DisruptionTarget' && is === 'True') add(time(lastTransitionTime), `${reason}: ${message}`, 'warning')
  }
  const { running, terminated } = pod?.status?.containerStatuses?.[0]?.state ?? {}
  add(time(running?.startedAt ?? terminated?.startedAt), 'container started')
  if (terminated !== undefined) {
    const how = terminated.reason === 'Completed' ? '' : ` (${terminated.reason ?? `signal ${terminated.signal}`})`
    add(
      time(terminated.finishedAt),
      `container ended with ${terminated.exitCode}${how}`,
      terminated.exitCode === 0 ? 'normal' : 'warning',
    )
  }
  add(time(pod?.metadata?.deletionTimestamp ?? metadata?.deletionTimestamp), 'deletion requested')
  for (const event of events) add(eventTime(event), eventText(event), event.type === 'Warning' ? 'warning' : 'normal')
  return moments.toSorted((a, b) => a.at - b.at)
}

function eventTime({ eventTime: exact, lastTimestamp, firstTimestamp, metadata }: CoreV1Event): number | undefined {
  return time(lastTimestamp) ?? time(exact) ?? time(firstTimestamp) ?? time(metadata?.creationTimestamp)
}

function eventText({ reason, message, count, series }: CoreV1Event): string {
  const times = series?.count ?? count ?? 1
  return `${reason}: ${message}${times > 1 ? ` (${times} times)` : ''}`
}
