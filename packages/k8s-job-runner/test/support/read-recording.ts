import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Job, KubeEvent, Pod } from '../../src/kubernetes.ts'

const root = fileURLToPath(new URL('../../src/__fixtures__/kubernetes/', import.meta.url))

function read(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/** The names of all recorded cases. */
export const recordings: string[] = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

/** The last objects of a recorded case. */
export function recording(name: string): { job: Job | undefined; pod: Pod | undefined; events: KubeEvent[] } {
  const events = read(`${root}${name}/events.json`) as KubeEvent[] | { items: KubeEvent[] } | undefined
  return {
    job: read(`${root}${name}/job.json`) as Job | undefined,
    pod: read(`${root}${name}/pod.json`) as Pod | undefined,
    events: Array.isArray(events) ? events : (events?.items ?? []),
  }
}

/** One event of a recorded watch. */
export interface WatchLine<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: T
}

/** A recorded watch, in order. */
export function watchLines<T>(name: string, plural: 'jobs' | 'pods'): WatchLine<T>[] {
  return readFileSync(`${root}${name}/${plural}.watch.ndjson`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as WatchLine<T>)
}
