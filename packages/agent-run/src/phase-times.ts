import type { RunTimings } from '@agent-jobs/k8s-job-runner'

/** What a run does, in this order; see {@link phaseTimes}. */
export type RunPhase = 'queue' | 'schedule' | 'pull' | 'start' | 'first_line' | 'run'

/** A phase of a run, in milliseconds since the Job was submitted. */
export interface RunPhaseTimes {
  readonly phase: RunPhase
  readonly fromMs: number
  readonly toMs: number
}

/** The phases of a run whose Job this process submitted, in order. The phase in which a run failed ends with the run. */
export function phaseTimes(timings: Readonly<RunTimings>): RunPhaseTimes[] {
  const { queuedMs, podMs, scheduledMs, pullingMs, pulledMs, runningMs, firstLineMs, endedMs } = timings
  const createdMs = queuedMs === undefined ? (timings.submittedMs ?? 0) : podMs
  const started = pulledMs ?? scheduledMs
  const phases: [RunPhase, number | undefined, number | undefined][] = [
    ['queue', queuedMs, podMs],
    ['schedule', createdMs, scheduledMs],
    ['pull', pullingMs, pulledMs],
    ['start', pullingMs === undefined ? started : pulledMs, runningMs],
    ['first_line', runningMs, firstLineMs],
    ['run', firstLineMs ?? runningMs, endedMs],
  ]
  return phases.flatMap(([phase, fromMs, endMs]) => {
    // A container that ends at once may print its first line before its status says that it runs.
    const toMs = endMs ?? (phase === 'first_line' ? undefined : endedMs)
    return fromMs === undefined || toMs === undefined ? [] : [{ phase, fromMs, toMs: Math.max(fromMs, toMs) }]
  })
}
