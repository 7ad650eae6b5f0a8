import { posix } from 'node:path'
import type { VolumePlace } from './held-folder.ts'
import type { RunPlan } from '../plan/plan-run.ts'

/**
 * Where this server sees a file that every run of this agent has under its own id; null without a volume that the server and
 * pods share. `path` is the planned run's own, `runId` says whose is asked for: it may come from a label of a Job.
 */
export function runFile(plan: Pick<RunPlan, 'volume'>, path: string | null, runId: string | null): VolumePlace | null {
  if (path === null || runId === null || !/^[A-Za-z0-9_-]+$/.test(runId)) return null
  return plan.volume.place(posix.join(posix.dirname(path), `${runId}${posix.extname(path)}`))
}
