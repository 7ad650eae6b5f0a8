import type { Verdict } from '@agent-jobs/log-stream'
import { readRunLog, type RunLogOptions } from './run-log.ts'
import { errorText, type RunnerContext } from './runner-context.ts'
import { pause } from './stop-run.ts'

/** What reading a run's output has come to. */
export interface OutputReport {
  verdict: Verdict
  /** False when something may still be in the log and could not be read: it must not be removed. */
  drained: boolean
}

/** The output of one run. */
export interface RunOutput {
  /** Begins to read the log of this pod; a second call does nothing. */
  open(pod: string): void
  /** Nothing more will be handed over. */
  readonly ended: boolean
  /** Undefined as long as nothing was opened. */
  readonly report: Promise<OutputReport> | undefined
  /** What has not come in this time is not waited for: a node that is lost may never answer. */
  giveUpAfter(ms: number): Promise<void>
}

/** Makes the reader of a run's output. It ends with `signal`. */
export function createRunOutput(
  context: RunnerContext,
  options: Omit<RunLogOptions, 'pod' | 'onUndrained'> & { onEnded: () => void },
): RunOutput {
  const { channel, signal, onEnded } = options
  const { clock } = context
  const reading = new AbortController()
  let report: Promise<OutputReport> | undefined
  let ended = false

  async function read(pod: string): Promise<OutputReport> {
    let drained = true
    const onUndrained = (): void => {
      drained = false
    }
    const either = AbortSignal.any([signal, reading.signal])
    try {
      return { verdict: await readRunLog(context, { ...options, pod, onUndrained, signal: either }), drained }
    } catch (error) {
      if (!either.aborted) {
        const message = `The output cannot be read any further: ${errorText(error)}`
        channel.push({ type: 'warning', code: 'log_failed', message, at: clock.now() })
      }
      return { verdict: 'unverified', drained: false }
    } finally {
      ended = true
      onEnded()
    }
  }
  return {
    open(pod) {
      report ??= read(pod)
    },
    get ended() {
      return ended
    },
    get report() {
      return report
    },
    async giveUpAfter(ms) {
      await Promise.race([report, pause(clock.sleep(ms, signal))])
      reading.abort(new Error('the output was waited for long enough'))
    },
  }
}
