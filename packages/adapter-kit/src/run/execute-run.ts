import type { AgentSummary } from '@agent-jobs/agent-run'
import type { AdapterExecutionContext, AdapterExecutionResult } from '@paperclipai/adapter-utils'
import { acquireJob } from '../acquire/acquire-job.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { logRelay } from '../follow/log-relay.ts'
import { lastingProgress } from '../host/lasting-progress.ts'
import { guardHost } from '../host/paperclip-host.ts'
import { requireBudget } from '../plan/budget-gate.ts'
import { planRun } from '../plan/plan-run.ts'
import { runFailure } from '../result/run-failure.ts'
import { offeredSession } from '../session/decide-resume.ts'
import { abortCause } from './abort-cause.ts'
import { runJob } from './run-job.ts'
import { watchRun } from './run-watch.ts'

// Paperclip gives a cancelled run 60 s to settle, of which its Job may take 30.
const closeMs = { cancelled: 15_000, otherwise: 60_000 }

const cannotCancel =
  'This version of Paperclip cannot tell the adapter to cancel a run: the Job of a cancelled run goes on to its end. Update Paperclip to 2026.916.1 or newer.'

/** Runs one agent for Paperclip, from context to result. Never throws for what can be reported. */
export async function executeRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  server: AdapterDependencies,
  ctx: AdapterExecutionContext,
): Promise<AdapterExecutionResult> {
  const deps: AdapterDependencies = {
    ...server,
    onWarning: (message, about) => server.onWarning(message, { runId: ctx.runId, adapter: definition.type, ...about }),
  }
  const { clock, onWarning } = deps
  const signal = ctx.signal ?? new AbortController().signal
  const host = guardHost(ctx, { clock, onWarning })
  const status = lastingProgress(host, clock)
  const say = logRelay(host.log).line
  const session = offeredSession(ctx.runtime)
  const failure = async (error: unknown, mayHaveBegun: boolean): Promise<AdapterExecutionResult> => {
    const abort = abortCause(signal)
    const result = runFailure(error, { session, abort, mayHaveBegun, now: clock.wallTime() })
    // A run that this server no longer owns ends elsewhere.
    if (abort?.kind !== 'disowned') await watch.failed(mayHaveBegun, result)
    return result
  }
  const watch = watchRun(definition, deps, ctx)
  let count: (() => Promise<void>) | null = null
  deps.state.running.add(ctx.runId)
  try {
    await host.cancellationReady()
    if (ctx.signal === undefined) await say('stderr', `[paperclip] ${cannotCancel}`)
    const plan = await planRun(definition, deps, ctx, signal)
    if (plan.settings.budgetGate) await requireBudget(deps, ctx, signal)
    for (const warning of plan.warnings) await say('stderr', `[paperclip] ${warning}`)
    const acquired = await acquireJob({ definition, deps, ctx, plan, host, status, say, signal, watch })
    if (acquired.kind === 'refused') return await failure(acquired.error, acquired.mayHaveBegun)
    const ended = await runJob({ definition, deps, plan, ctx, host, status, signal, watch, job: acquired.job })
    if (ended.kind === 'failed') return await failure(ended.error, true)
    count = ended.count
    return ended.result
  } catch (error) {
    return await failure(error, false)
  } finally {
    await status[Symbol.asyncDispose]()
    deps.state.running.delete(ctx.runId)
    await host.close(signal.aborted ? closeMs.cancelled : closeMs.otherwise)
    // Last, so that next to nothing lies between counting and returning: when the server is killed there, Paperclip has the
    // task done again, and both runs count.
    await count?.()
    watch.left()
  }
}
