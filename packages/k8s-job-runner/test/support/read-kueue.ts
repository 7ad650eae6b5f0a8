import type { KubeObject } from '@agent-jobs/kube-api'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Job, Pod } from '../../src/kubernetes.ts'
import type { BoardChange } from '../../src/watch-board.ts'

const root = fileURLToPath(new URL('../../src/__fixtures__/kueue/', import.meta.url))

/** The names of all recorded cases. */
export const kueueCases: string[] = readdirSync(root)

/** One change in a recorded case, in the order in which the API server wrote them. */
export type KueueChange = BoardChange | { of: 'workload'; gone: boolean; object: KubeObject }

function read(name: string, plural: string): { type: string; object: KubeObject }[] {
  const path = `${root}${name}/${plural}.watch.ndjson`
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { type: string; object: KubeObject })
}

/** Everything that was recorded about the Job of a name. */
export function kueueChanges(name: string, job: string): KueueChange[] {
  const jobs = read(name, 'jobs')
    .filter(({ object }) => object.metadata?.name === job)
    .map(({ type, object }): KueueChange => ({ of: 'job', gone: type === 'DELETED', object: object as Job }))
  const uid = jobs[0]?.object.metadata?.uid
  const belongs = ({ metadata }: KubeObject) => metadata?.ownerReferences?.some((owner) => owner.uid === uid) === true
  const pods = read(name, 'pods')
    .filter(({ object }) => belongs(object))
    .map(({ type, object }): KueueChange => ({ of: 'pod', gone: type === 'DELETED', object: object as Pod }))
  const workloads = read(name, 'workloads')
    .filter(({ object }) => belongs(object))
    .map(({ type, object }): KueueChange => ({ of: 'workload', gone: type === 'DELETED', object }))
  const version = ({ object }: KueueChange): number => Number(object.metadata?.resourceVersion ?? 0)
  return [...jobs, ...pods, ...workloads].toSorted((a, b) => version(a) - version(b))
}

/** The names of the Jobs of a case. */
export function kueueJobs(name: string): string[] {
  return [...new Set(read(name, 'jobs').map(({ object }) => object.metadata?.name ?? ''))]
}

/** A file of a case. */
export function kueueFile(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}
