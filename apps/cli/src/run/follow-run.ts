import { describeOutcome, RunError, type Outcome, type RunEvent, type RunHandle } from '@agent-jobs/k8s-job-runner'
import type { AgentDefinition, AgentEnd, AgentSummary } from '../agents/agent-definition.ts'
import type { RunReport } from './run-report.ts'
import { plain } from '../output/safe-text.ts'
import type { Style } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { createTextTail } from '../output/text-tail.ts'
import { printTranscript } from '../output/transcript-printer.ts'
import { seconds } from '../output/outcome-block.ts'

/** What following a run needs. */
export interface FollowOptions {
  readonly agent: AgentDefinition
  /** The model that was asked for: OpenCode does not print which one answered. */
  readonly model: string | undefined
  /** Submits the run or attaches to it; the signal aborts when a person presses Ctrl-C a second time. */
  readonly start: (signal: AbortSignal) => Promise<RunHandle>
  /** Shows one line to a person. */
  readonly say: (line: string) => void
  readonly style: Style
  readonly onSignal: Terminal['onSignal']
  /** What the first Ctrl-C does. Default `cancel`. */
  readonly interrupt?: 'cancel' | 'leave'
  /** Leaves the run alone as soon as its Job is there. Default false. */
  readonly submitOnly?: boolean
  /** Leaves the run alone when nobody reads any more. */
  readonly unread?: AbortSignal
  readonly now: () => number
  /** When the command began, in milliseconds since the epoch. */
  readonly began: number
}

/**
 * Submits or attaches to a run, shows it while it goes on, and says what became of it. The first Ctrl-C cancels it, the
 * second one (and a SIGTERM) leaves it alone: the Job goes on without us.
 */
export async function followRun(options: FollowOptions): Promise<FollowedRun> {
  const { agent, say, style, now, began } = options
  const times = { submittedMs: null, runningMs: null, firstLineMs: null, endedMs: null } as Times
  const elapsed = (): number => now() - began
  const source = agent.createReader()
  const reader = {
    feed: (text: string): void => source.feed(text),
    end: (end: AgentEnd): AgentSummary => withModel(source.end(end), options.model ?? null),
  }
  const stderr = createTextTail(65_536)
  const leave = new AbortController()
  const hands = createHands(leave, say, style, options.interrupt ?? 'cancel')
  const stopListening = options.onSignal(hands.signal)
  options.unread?.addEventListener('abort', hands.leave)
  let handle: RunHandle | undefined
  try {
    handle = await options.start(leave.signal)
    const name = style.bold(handle.job.name)
    if (options.interrupt === 'leave') say(`${style.green('●')} looking at ${name}`)
    else {
      times.submittedMs = elapsed()
      say(`${style.green('●')} submitted ${name} ${style.dim(seconds(times.submittedMs))}`)
    }
    hands.hold(handle)
    if (options.submitOnly) {
      await handle.detach()
      return { report: submitted(handle, reader.end({}), times), settled: hands.settled() }
    }
    // Not when we come to read it: the events before it are delivered first.
    const ended = handle.outcome.then((outcome) => {
      times.endedMs = elapsed()
      return outcome
    })
    const [outcome] = await Promise.all([ended, showAll(handle.events)])
    const summary = reader.end({ exitCode: outcome.exitCode, signal: outcome.signal, stderr: stderr.text() })
    return { report: report(handle, outcome, summary, times), settled: Promise.all([handle.settled, hands.settled()]) }
  } catch (error) {
    const reason = leave.signal.aborted && error === leave.signal.reason ? leftEarly() : error
    if (!RunError.isInstance(reason)) throw error
    const summary = reader.end({ stderr: stderr.text() })
    return { report: unfinished(handle, reason, summary, times), settled: hands.settled() }
  } finally {
    stopListening()
    options.unread?.removeEventListener('abort', hands.leave)
  }

  async function showAll(events: AsyncIterable<RunEvent>): Promise<void> {
    for await (const event of events) show(event)
  }

  function show(event: RunEvent): void {
    switch (event.type) {
      case 'phase':
        if (event.phase === 'running') times.runningMs ??= elapsed()
        // The first is shown with the Job's name, the last with the outcome.
        if (event.phase !== 'submitted' && event.phase !== 'ended')
          say(`${style.green('●')} ${event.phase} ${style.dim(plain(event.message))}`)
        return
      case 'line':
        if (event.stream === 'stderr') {
          stderr.add(`${event.text}\n`)
          const entry = { kind: 'stderr', text: event.text }
          return printTranscript(entry, style).forEach(say)
        }
        times.firstLineMs ??= elapsed()
        reader.feed(event.unterminated || (event.part && !event.part.last) ? event.text : `${event.text}\n`)
        if (event.part) return event.part.last ? say(style.dim('  · (a very long line)')) : undefined
        for (const entry of agent.transcript(event.text, new Date(event.time).toISOString())) {
          printTranscript(entry, style).forEach(say)
        }
        return
      case 'gap':
        return say(style.yellow(`! output is missing: ${event.unit} ${event.from} to ${event.to} (${event.reason})`))
      case 'warning':
        // That the work is done, the transcript shows.
        if (event.code === 'launcher_finished') return
        return say(style.yellow(`! ${plain(event.message)}`))
      case 'output':
        return event.verdict === 'complete' ? undefined : say(style.yellow(`! the output is ${event.verdict}`))
      case 'outcome':
        return
      default:
        event satisfies never
    }
  }
}

/** What became of a run, and a promise for the clean-up that goes on. */
export interface FollowedRun {
  readonly report: RunReport
  readonly settled: Promise<unknown>
}

interface Times {
  submittedMs: number | null
  runningMs: number | null
  firstLineMs: number | null
  endedMs: number | null
}

function withModel(summary: AgentSummary, asked: string | null): AgentSummary {
  return summary.model === null ? { ...summary, model: asked } : summary
}

function leftEarly(): RunError {
  return new RunError('detached', 'The run was left before its Job was submitted; nothing of it remains.')
}

interface Hands {
  signal(signal: 'SIGINT' | 'SIGTERM'): void
  hold(handle: RunHandle): void
  /** Leaves the run alone, without a word. */
  leave(): void
  /** Resolves when a cancellation that was asked for is over. */
  settled(): Promise<void>
}

/** Turns signals into cancel and detach, also when they come before there is a Job. */
function createHands(
  leave: AbortController,
  say: (line: string) => void,
  style: Style,
  interrupt: 'cancel' | 'leave',
): Hands {
  let handle: RunHandle | undefined
  let presses = 0
  let cancelling: Promise<unknown> = Promise.resolve()
  let leaving: Promise<unknown> = Promise.resolve()
  const act = (): void => {
    if (presses >= 2) {
      leave.abort()
      leaving = handle?.detach() ?? leaving
    } else if (presses === 1 && handle) {
      cancelling = handle.cancel({ by: 'Ctrl-C' }).catch((error: unknown) => {
        say(style.yellow(`! the run could not be cancelled: ${error instanceof Error ? error.message : String(error)}`))
      })
    }
  }
  return {
    signal: (signal) => {
      presses = signal === 'SIGTERM' || interrupt === 'leave' ? 2 : presses + 1
      const words = presses === 1 ? 'cancelling; press Ctrl-C again to leave the run alone' : 'leaving the run alone'
      say(style.yellow(`! ${words}`))
      act()
    },
    leave: () => {
      presses = 2
      act()
    },
    hold: (held) => {
      handle = held
      act()
    },
    settled: async () => {
      // After a detach nobody waits for what the cancellation came to.
      await (presses >= 2 ? leaving : cancelling)
    },
  }
}

function report(handle: RunHandle, outcome: Outcome, summary: AgentSummary, timings: Times): RunReport {
  return assemble(handle, outcome.kind, outcome.exitCode, verdict(outcome, summary), summary, timings)
}

/** What Kubernetes did goes before what the agent said; the agent's own verdict goes before a bare exit code. */
function verdict(outcome: Outcome, summary: AgentSummary): Pick<RunReport, 'errorCode' | 'errorMessage'> {
  if (outcome.kind === 'succeeded' || outcome.kind === 'exited') {
    if (summary.isError) return { errorCode: summary.errorCode ?? 'agent_failed', errorMessage: summary.errorMessage }
    if (outcome.kind === 'succeeded') return { errorCode: null, errorMessage: null }
  }
  const { code, message } = describeOutcome(outcome)
  return { errorCode: code, errorMessage: message }
}

function submitted(handle: RunHandle, summary: AgentSummary, timings: Times): RunReport {
  const nothing = { errorCode: null, errorMessage: null }
  return assemble(handle, 'submitted', null, nothing, { ...summary, usage: null }, timings)
}

/** A run that was not submitted, or that we no longer look at. */
function unfinished(handle: RunHandle | undefined, error: RunError, summary: AgentSummary, timings: Times): RunReport {
  const outcome = handle === undefined ? 'notStarted' : error.code
  return assemble(handle, outcome, null, { errorCode: error.code, errorMessage: error.message }, summary, timings)
}

/** The members in the order in which `--json` prints them. */
function assemble(
  handle: RunHandle | undefined,
  outcome: string,
  exitCode: number | null,
  { errorCode, errorMessage }: Pick<RunReport, 'errorCode' | 'errorMessage'>,
  { sessionId, model, usage, costUsd, result }: AgentSummary,
  timings: Times,
): RunReport {
  const place = { job: handle?.job.name ?? null, pod: handle?.pod?.name ?? null, node: handle?.pod?.node ?? null }
  const said = { sessionId, model, usage, costUsd, summary: result }
  return { ...place, outcome, exitCode, ...said, errorCode, errorMessage, timings }
}
