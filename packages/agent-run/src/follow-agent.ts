import { RunError, type Outcome, type RunEvent, type RunHandle } from '@agent-jobs/k8s-job-runner'
import type { AgentParser, AgentSummary } from './agent-summary.ts'
import { isFinalSuccess, type OutputState, type RunEvidence } from './judge-run.ts'
import { createTextTail } from './text-tail.ts'

/** Milliseconds since following began, by event; absent for events that did not happen. */
export type FollowTimings = Partial<
  Record<
    'submittedMs' | 'queuedMs' | 'pendingMs' | 'runningMs' | 'stoppingMs' | 'firstLineMs' | 'finishedMs' | 'endedMs',
    number
  >
>

/** How following a run ended. */
export type FollowedAgent<Summary extends AgentSummary = AgentSummary> =
  | ({ readonly kind: 'ended'; readonly summary: Summary; readonly timings: FollowTimings } & Omit<
      RunEvidence,
      'title'
    >)
  /** The run is no longer followed; its Job continues. */
  | { readonly kind: 'detached'; readonly error: RunError; readonly summary: Summary; readonly timings: FollowTimings }

/** What following a run needs. */
export interface FollowAgentOptions<Summary extends AgentSummary> {
  readonly handle: Pick<RunHandle, 'events' | 'outcome' | 'finished'>
  readonly parser: AgentParser<Summary>
  /** Gets each event, in order; the next one waits until it resolves. */
  readonly onEvent?: (event: RunEvent) => void | Promise<void>
  /** Monotonic milliseconds. */
  readonly now: () => number
}

// Enough for a stack trace; parsers need only the end.
const stderrTailChars = 64 * 1024

/** Follows a run to its end: each line goes to the parser once, and none is kept. Rejects only when `onEvent` does. */
export async function followAgent<Summary extends AgentSummary>(
  options: FollowAgentOptions<Summary>,
): Promise<FollowedAgent<Summary>> {
  const { handle, parser, onEvent, now } = options
  const began = now()
  const stderr = createTextTail(stderrTailChars)
  const facts = createFacts(() => now() - began)
  // The events before the end are delivered first, so its time is not that of its event.
  const ended = handle.outcome.then((outcome) => {
    facts.mark('endedMs')
    return outcome
  })
  const readAll = async (): Promise<void> => {
    let reported = Promise.resolve()
    let wasFinished = false
    try {
      for await (const event of handle.events) {
        if (event.type === 'line' && event.stream === 'stdout') feedLine(parser, event)
        else if (event.type === 'line') stderr.add(`${event.text}\n`)
        facts.take(event, parser.finished)
        await onEvent?.(event)
        // A background task can begin another turn after a result.
        const { finished } = parser
        if (finished !== wasFinished) reported = reported.then(() => handle.finished(finished))
        wasFinished = finished
      }
    } finally {
      await reported
    }
  }
  try {
    const [outcome] = await Promise.all([ended, readAll()])
    const summary = conclude(parser, outcome, stderr.text())
    return { kind: 'ended', outcome, summary, timings: facts.timings, ...facts.evidence() }
  } catch (error) {
    if (!RunError.isInstance(error) || error.code !== 'detached') throw error
    return { kind: 'detached', error, summary: parser.end({ stderr: stderr.text() }), timings: facts.timings }
  }
}

/** Passes one line of output to a parser, marking parts of a long line and a line that was cut off at the end. */
export function feedLine(
  parser: Pick<AgentParser, 'feed' | 'line'>,
  { text, part, unterminated }: Pick<Extract<RunEvent, { type: 'line' }>, 'text' | 'part' | 'unterminated'>,
): void {
  if (part?.last === false || unterminated) parser.feed(text)
  else parser.line(text)
}

/** The agent's report takes precedence over how its process ended: an exit code does not undo finished work. */
function conclude<Summary extends AgentSummary>(
  parser: AgentParser<Summary>,
  { exitCode, signal, stoppedBy }: Outcome,
  stderr: string,
): Summary {
  const reported = parser.end({ stderr })
  return isFinalSuccess(reported) ? reported : parser.end({ exitCode, signal, stderr, stoppedBy })
}

/** Collects what the events say about the run. */
function createFacts(elapsed: () => number) {
  const timings: FollowTimings = {}
  let verdict: OutputState['verdict'] = 'unverified'
  let lines = 0
  // A failed request is retried; it counts when no line came after it.
  let unrecovered: string | null = null
  let problem: string | null = null
  let seenRunning = false
  let isStopping = false
  let finishedBeforeCancel = false
  const mark = (name: keyof FollowTimings): void => {
    timings[name] ??= elapsed()
  }
  return {
    timings,
    mark,
    take(event: RunEvent, finished: boolean): void {
      if (finished) mark('finishedMs')
      if (!isStopping) finishedBeforeCancel = finished
      switch (event.type) {
        case 'line':
          lines += 1
          unrecovered = null
          if (event.stream === 'stderr') break
          seenRunning = true
          mark('firstLineMs')
          break
        case 'phase':
          if (event.phase !== 'ended') mark(`${event.phase}Ms`)
          if (event.phase === 'running') seenRunning = true
          if (event.phase === 'stopping') isStopping = true
          break
        case 'warning':
          if (event.code === 'log_request_failed') unrecovered = event.message
          if (event.code === 'log_drain_failed' || event.code === 'log_failed') problem = event.message
          break
        case 'output':
          ;({ verdict } = event)
          break
        case 'gap':
        case 'outcome':
          break
        default:
          event satisfies never
      }
    },
    evidence: () => ({
      output: { verdict, lines, problem: problem ?? unrecovered },
      seenRunning,
      finishedBeforeCancel,
    }),
  }
}
