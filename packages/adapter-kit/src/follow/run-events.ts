import type { Outcome, RunHandle } from '@agent-jobs/k8s-job-runner'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { RunConclusion } from '../result/conclude-run.ts'

/** Tells Paperclip's list of events what becomes of a run's Job, and the person who watches where it stands. */
export interface RunEvents {
  claimed(adoptedFromRun: string | null): Promise<void>
  phase(phase: string, message: string): Promise<void>
  ended(outcome: Outcome, conclusion: RunConclusion): Promise<void>
}

/** Makes the teller. Nothing it says holds what the agent said. */
export function runEvents(
  ctx: Pick<AdapterExecutionContext, 'onEvent' | 'onRuntimeProgress'>,
  { job }: Pick<RunHandle, 'job'>,
): RunEvents {
  const place = { job: job.name, namespace: job.namespace }
  return {
    async claimed(adoptedFromRun) {
      const adopted = adoptedFromRun !== null
      await ctx.onEvent?.({
        eventType: adopted ? 'k8s.job.adopted' : 'k8s.job.created',
        stream: 'system',
        level: 'info',
        message: adopted ? `Adopted Job ${job.name} of run ${adoptedFromRun}` : `Created Job ${job.name}`,
        payload: { ...place, ...(adopted ? { adoptedFromRun } : {}) },
      })
    },
    async phase(phase, message) {
      await ctx.onRuntimeProgress?.({ phase: 'adapter_startup', message })
      await ctx.onEvent?.({
        eventType: 'k8s.job.phase',
        stream: 'system',
        level: 'info',
        message,
        payload: { ...place, phase },
      })
    },
    async ended({ code, pod, node, exitCode, signal }, conclusion) {
      const failed = conclusion.kind === 'failed'
      await ctx.onEvent?.({
        eventType: 'k8s.job.ended',
        stream: 'system',
        level: failed ? 'error' : 'info',
        message: `Job ${job.name} ended: ${failed ? conclusion.errorCode : code}`,
        payload: {
          ...place,
          outcome: code,
          ...(failed ? { errorCode: conclusion.errorCode } : {}),
          ...(pod ? { pod } : {}),
          ...(node ? { node } : {}),
          exitCode,
          signal,
        },
      })
    },
  }
}
