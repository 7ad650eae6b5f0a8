import type { EndRecord, LauncherRecord } from '@agent-jobs/frames'
import type { DiagnosticCode, LogLine, Verdict } from '@agent-jobs/log-stream'
import { createLatch, errorClause, firstOf, openAbortScope, type Latch } from '@agent-jobs/primitives'
import type { Evidence } from './evidence.ts'
import { readRunLog, type RunLogOptions } from './run-log.ts'
import type { RunnerContext } from './runner-context.ts'

/** How reading a run's output ended. */
export interface OutputReport {
  verdict: Verdict
  /** False when the log may contain more that could not be read: it must not be removed. */
  drained: boolean
  /** Why the output could not be read to its end. */
  problem?: string | undefined
}

/** The output of one run. */
export interface RunOutput {
  /** Starts reading the log of this pod; a second call does nothing. */
  open(pod: string): void
  /** Undefined until the log was opened. */
  readonly report: Promise<OutputReport> | undefined
  /** When output was last received, by the runner's clock. */
  readonly lastAt: number
  /** The timestamp of the newest line, in milliseconds by the node's clock. */
  readonly newestAt: number | undefined
  /** Sets an earlier time limit: the log of a lost node may never be readable. */
  giveUpAfter(ms: number): Promise<void>
}

export interface RunOutputOptions extends Omit<
  RunLogOptions,
  'pod' | 'container' | 'containerEnded' | 'onLine' | 'onDiagnostic' | 'onRecord'
> {
  /** Opens when the container has ended or the pod is gone. */
  containerEnded: Latch<void>
  /** Receives what the output shows: the launcher's start, and how far it was read. */
  evidence: Evidence
  onFirstLine: () => void
  onEnd: (end: EndRecord) => void
  /** The end of the output. */
  onEnded: () => void
}

/** How much unframed output to keep; it explains a launcher that did not run. */
const maxUnframedChars = 4096
/** Diagnostics that say why the log is currently unreadable. */
const troubles: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'request_failed',
  'connection_lost',
  'kubelet_text',
  'drain_failed',
])

/** Creates the reader of a run's output. It ends with `signal`. */
export function createRunOutput(context: RunnerContext, options: RunOutputOptions): RunOutput {
  const { channel, signal, evidence } = options
  const { clock } = context
  const reading = new AbortController()
  const ended = createLatch()
  let report: Promise<OutputReport> | undefined
  let lastAt = clock.now()
  let newestAt: number | undefined
  let hasLine = false
  let isDrained = true
  let trouble: string | undefined
  let unframed = ''

  function warn(code: string, message: string): void {
    channel.push({ type: 'warning', code, message, at: clock.wallTime() })
  }
  // A cursor points past output of an earlier read, so the launcher had started.
  evidence.launcherStarted = options.cursor !== undefined
  function onLine({ time }: LogLine): void {
    evidence.launcherStarted = true
    lastAt = clock.now()
    newestAt = time
    trouble = undefined
    if (!hasLine) options.onFirstLine()
    hasLine = true
  }
  function onRecord(record: LauncherRecord): void {
    lastAt = clock.now()
    evidence.launcherStarted = true
    if (record.type === 'start') return
    if (record.type === 'end') options.onEnd(record)
    else warn(`launcher_${record.code}`, record.message)
  }
  function onDiagnostic(code: DiagnosticCode, text: string): void {
    if (code === 'drain_failed') isDrained = false
    if (code === 'not_a_frame') unframed = `${unframed}${text}\n`.slice(0, maxUnframedChars)
    // A failed drain is a summary; the problem before it has the reason.
    if (troubles.has(code) && !(code === 'drain_failed' && trouble !== undefined)) trouble = text
    warn(`log_${code}`, text)
  }
  async function read(pod: string): Promise<OutputReport> {
    using either = openAbortScope(signal, reading.signal)
    try {
      const { container } = evidence
      const verdict = await readRunLog(context, {
        ...options,
        pod,
        container,
        onLine,
        onDiagnostic,
        onRecord,
        containerEnded: options.containerEnded.wait(either.signal),
        signal: either.signal,
      })
      return isDrained
        ? { verdict, drained: true }
        : { verdict, drained: false, problem: trouble ?? 'the log could not be read' }
    } catch (error) {
      const problem = trouble ?? errorClause(error)
      if (!either.signal.aborted) warn('log_failed', `Reading the output failed: ${errorClause(error)}.`)
      return { verdict: 'unverified', drained: false, problem }
    }
  }
  async function open(pod: string): Promise<OutputReport> {
    evidence.output = { state: 'reading' }
    const found = await read(pod)
    const { drained, problem = 'unknown reason' } = found
    ended.open()
    evidence.output = drained ? { state: 'read', unframed } : { state: 'unread', problem: problem.replace(/\.$/, '') }
    options.onEnded()
    return found
  }
  return {
    open(pod) {
      report ??= open(pod)
    },
    get report() {
      return report
    },
    get lastAt() {
      return lastAt
    },
    get newestAt() {
      return newestAt
    },
    async giveUpAfter(ms) {
      try {
        if (report !== undefined) await firstOf([ended.wait, (s) => clock.sleep(ms, s)], signal)
      } catch (error) {
        if (!signal.aborted) throw error
      }
      reading.abort(new Error('the output did not become readable in time'))
    },
  }
}
