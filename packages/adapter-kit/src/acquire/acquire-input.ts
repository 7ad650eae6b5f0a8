import type { AgentSummary } from '@agent-jobs/agent-run'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { LastingProgress } from '../host/lasting-progress.ts'
import type { PaperclipHost } from '../host/paperclip-host.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import type { RunWatch } from '../run/run-watch.ts'

/** What a Job is acquired with. */
export interface AcquireInput<
  Schema extends AgentDefinition['schema'] = AgentDefinition['schema'],
  Summary extends AgentSummary = AgentSummary,
> {
  definition: AgentDefinition<Schema, Summary>
  deps: AdapterDependencies
  ctx: AdapterExecutionContext
  plan: RunPlan<z.output<Schema>>
  host: PaperclipHost
  watch: RunWatch
  status: LastingProgress
  /** Writes one line to the run's log. */
  say: (stream: 'stdout' | 'stderr', text: string) => Promise<void>
  signal: AbortSignal
}
