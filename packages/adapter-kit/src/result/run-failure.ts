import { RunError } from '@agent-jobs/k8s-job-runner'
import { errorMessage } from '@agent-jobs/primitives'
import type { AdapterExecutionResult } from '@paperclipai/adapter-utils'
import { AdapterError } from '../adapter-error.ts'
import type { AbortCause } from '../run/abort-cause.ts'
import type { SessionParams } from '../session/session-params.ts'
import { earlyFailure } from './execution-result.ts'

/** The result of a run that failed without an outcome: before the Job existed, or when it could no longer be observed. */
export function runFailure(
  error: unknown,
  {
    session,
    abort,
    mayHaveBegun,
    now,
  }: { session: SessionParams | null; abort: AbortCause | null; mayHaveBegun: boolean; now: number },
): AdapterExecutionResult {
  if (RunError.isInstance(error) && error.code === 'detached') {
    return earlyFailure({
      errorCode: 'k8s_run_detached',
      errorMessage:
        'This Paperclip server no longer owns the run and has let go of it. Its Job goes on; the next run of the task adopts it.',
      session,
      retryable: true,
      cancelled: false,
      neverBegan: false,
      now,
    })
  }
  const known = AdapterError.isInstance(error) ? error : null
  const cancelled = abort?.kind === 'cancelled'
  return earlyFailure({
    errorCode: known?.code ?? (mayHaveBegun ? 'k8s_run_lost' : 'k8s_job_create_failed'),
    errorMessage: cancelled ? `Run cancelled: ${abort.by}` : errorMessage(error),
    session,
    retryable: known?.retryable ?? (RunError.isInstance(error) ? error.retryable : false),
    cancelled,
    neverBegan: !mayHaveBegun,
    now,
  })
}
