import type { AgentSummary } from '@agent-jobs/agent-run'
import type { AcquiredJob } from '../acquire/acquired-job.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import type { SessionParams } from './session-params.ts'

/** The session that the next run of the task continues; null where there is none. */
export function nextSession(
  { sessionId: printed }: Pick<AgentSummary, 'sessionId'>,
  { run: { workspace }, places }: Pick<RunPlan, 'run' | 'places'>,
  { previous, promptBundleKey, mcpServerIdentity }: AcquiredJob,
): SessionParams | null {
  const sessionId = printed ?? previous?.sessionId
  if (sessionId === undefined) return null
  return {
    sessionId,
    cwd: places.cwd,
    ...(promptBundleKey === null ? {} : { promptBundleKey }),
    ...(mcpServerIdentity === null ? {} : { mcpServerIdentity }),
    ...(workspace.id === null ? {} : { workspaceId: workspace.id }),
    ...(workspace.repoUrl === null ? {} : { repoUrl: workspace.repoUrl }),
    ...(workspace.repoRef === null ? {} : { repoRef: workspace.repoRef }),
  }
}
