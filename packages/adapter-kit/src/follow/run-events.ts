import type { Outcome, RunHandle } from '@agent-jobs/k8s-job-runner'
import type { LastingProgress } from '../host/lasting-progress.ts'
import type { PaperclipHost } from '../host/paperclip-host.ts'
import type { RunConclusion } from '../result/conclude-run.ts'

// Events of any other type count as the agent's work: Paperclip would call a run that did nothing `advanced`
// (docs/paperclip-facts.md#run-events).
const eventType = 'lifecycle'

/** Reports what happens to a run's Job to Paperclip's list of events, and its status to the user. */
export interface RunEvents {
  acquired(adopted: { runId: string | null } | null): void
  phase(phase: string, message: string): void
  ended(outcome: Outcome, conclusion: RunConclusion): void
}

/** Creates the reporter. Its events never contain output of the agent. */
export function runEvents(
  host: Pick<PaperclipHost, 'event'>,
  status: Pick<LastingProgress, 'show'>,
  { job }: Pick<RunHandle, 'job'>,
): RunEvents {
  const place = { job: job.name, namespace: job.namespace }
  return {
    acquired(adopted) {
      host.event({
        eventType,
        stream: 'system',
        level: 'info',
        message:
          adopted === null
            ? `Created Job ${job.name}`
            : `Adopted Job ${job.name} of run ${adopted.runId ?? '(unknown)'}`,
        payload: {
          event: adopted === null ? 'k8s.job.created' : 'k8s.job.adopted',
          ...place,
          ...(adopted === null ? {} : { adoptedFromRun: adopted.runId }),
        },
      })
    },
    phase(phase, message) {
      status.show(message, { passing: phase === 'running' || phase === 'ended' })
      host.event({
        eventType,
        stream: 'system',
        level: 'info',
        message,
        payload: { event: 'k8s.job.phase', ...place, phase },
      })
    },
    ended({ code, pod, node, exitCode, signal }, conclusion) {
      const failed = conclusion.kind === 'failed'
      host.event({
        eventType,
        stream: 'system',
        level: failed ? 'error' : 'info',
        message: `Job ${job.name} ended: ${failed ? conclusion.errorCode : code}`,
        payload: {
          event: 'k8s.job.ended',
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
