import {
  followAgent,
  judgeRun,
  type Agent,
  type AgentSummary,
  type FollowedAgent,
  type FollowTimings,
} from '@agent-jobs/agent-run'
import { RunError, type RunEvent, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { inOwnWords } from '../errors/own-words.ts'
import { seconds } from '../output/outcome-block.ts'
import type { Redact } from '../output/redacted-terminal.ts'
import type { Style } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { createRunHands } from './run-hands.ts'
import type { RunReport, RunTimings } from './run-report.ts'
import { eventLines } from './event-lines.ts'

/** What following a run needs. */
export interface FollowOptions {
  readonly agent: Agent
  /** The model that was asked for: OpenCode does not print which one answered. */
  readonly model: string | undefined
  /** Submits the run or attaches to it; the signal aborts when a person presses Ctrl-C a second time. */
  readonly start: (signal: AbortSignal) => Promise<RunHandle>
  /** Shows one line to a person. */
  readonly say: (line: string) => void
  /** Filters or changes the lines of an event. Default: unchanged. */
  readonly shown?: ((event: RunEvent, lines: readonly string[]) => readonly string[]) | undefined
  /** Hides the run's credentials in what it printed, before anything is cut off or formatted. Default: nothing. */
  readonly redact?: Redact | undefined
  readonly style: Style
  readonly onSignal: Terminal['onSignal']
  /** What the first Ctrl-C does. Default `cancel`. */
  readonly interrupt?: 'cancel' | 'leave'
  /** Leaves the run alone as soon as its Job exists. Default false. */
  readonly submitOnly?: boolean
  /** Leaves the run alone when its output is no longer needed. */
  readonly unread?: AbortSignal
  readonly now: () => number
  /** When the command began, in milliseconds since the epoch. */
  readonly began: number
}

/** How a run ended, and a promise for the clean-up that goes on. */
export interface FollowedRun {
  readonly report: RunReport
  readonly settled: Promise<unknown>
}

/**
 * Submits or attaches to a run, shows it while it runs, and reports how it ended. The first Ctrl-C cancels it, the second
 * one (and a SIGTERM) leaves it alone: the Job continues without this process.
 */
export async function followRun(options: FollowOptions): Promise<FollowedRun> {
  const { agent, say, style, now, began, shown = (_event, lines) => lines, redact = (text) => text } = options
  const leave = new AbortController()
  const hands = createRunHands(leave, say, style, options.interrupt ?? 'cancel')
  const stopListening = options.onSignal(hands.signal)
  options.unread?.addEventListener('abort', hands.leave)
  const parser = agent.createParser()
  try {
    const handle = await options.start(leave.signal)
    const startedMs = now() - began
    const looking = options.interrupt === 'leave'
    const submittedMs = looking ? null : startedMs
    const name = style.bold(handle.job.name)
    say(`${style.green('●')} ${looking ? `looking at ${name}` : `submitted ${name} ${style.dim(seconds(startedMs))}`}`)
    hands.hold(handle)
    if (options.submitOnly) {
      await handle.detach()
      return { report: submitted(handle, submittedMs), settled: hands.settled() }
    }
    const show = eventLines(agent, style)
    const followed = await followAgent({
      handle,
      parser,
      now,
      onEvent: (event) => shown(event, show(redacted(event, redact))).forEach(say),
    })
    const report = reportOf(followed, { ...options, handle, submittedMs, startedMs })
    const settled = followed.kind === 'ended' ? Promise.all([handle.settled, hands.settled()]) : hands.settled()
    return { report, settled }
  } catch (error) {
    const reason = leave.signal.aborted && error === leave.signal.reason ? leftEarly() : error
    if (!RunError.isInstance(reason)) throw error
    return { report: notStarted(reason), settled: hands.settled() }
  } finally {
    stopListening()
    options.unread?.removeEventListener('abort', hands.leave)
  }
}

function redacted(event: RunEvent, redact: Redact): RunEvent {
  return event.type === 'line' ? { ...event, text: redact(event.text) } : event
}

function leftEarly(): RunError {
  return new RunError('detached', 'The run was left before its Job was submitted; nothing of it remains.')
}

const noTimes: RunTimings = { submittedMs: null, runningMs: null, firstLineMs: null, endedMs: null }
const noVerdict = { errorCode: null, errorMessage: null, warning: null }
const noWork = {
  sessionId: null,
  model: null,
  usage: null,
  usageBasis: null,
  costUsd: null,
  summary: null,
  durationMs: null,
}

function placeOf(handle: RunHandle): Pick<RunReport, 'job' | 'pod' | 'node'> {
  return { job: handle.job.name, pod: handle.pod?.name ?? null, node: handle.pod?.node ?? null }
}

function notStarted({ code, message }: RunError): RunReport {
  const nowhere = { job: null, pod: null, node: null, outcome: 'notStarted', exitCode: null }
  return { ...nowhere, ...noWork, errorCode: code, errorMessage: message, warning: null, timings: noTimes }
}

function submitted(handle: RunHandle, submittedMs: number | null): RunReport {
  const outcome = { outcome: 'submitted', exitCode: null }
  return { ...placeOf(handle), ...outcome, ...noWork, ...noVerdict, timings: { ...noTimes, submittedMs } }
}

function reportOf(
  followed: FollowedAgent,
  of: { agent: Agent; model: string | undefined; handle: RunHandle; submittedMs: number | null; startedMs: number },
): RunReport {
  const { summary } = followed
  const work = workOf(summary, of.model ?? null)
  const timings =
    of.submittedMs === null ? noTimes : { submittedMs: of.submittedMs, ...since(of.startedMs, followed.timings) }
  if (followed.kind === 'detached') {
    const { code, message } = followed.error
    const verdict = { errorCode: code, errorMessage: message, warning: null }
    return { ...placeOf(of.handle), outcome: code, exitCode: null, ...work, ...verdict, durationMs: null, timings }
  }
  const { kind: outcome, exitCode, durationMs = null } = followed.outcome
  const judged = judgeRun({ ...followed, title: of.agent.title })
  const verdict =
    judged.kind === 'succeeded'
      ? { ...noVerdict, warning: judged.warning }
      : { errorCode: judged.code, errorMessage: inOwnWords(judged.code, judged.message), warning: null }
  return { ...placeOf(of.handle), outcome, exitCode, ...work, ...verdict, durationMs, timings }
}

function workOf({ sessionId, model, usage, usageBasis, costUsd, result }: AgentSummary, asked: string | null) {
  return { sessionId, model: model ?? asked, usage, usageBasis: usageBasis ?? 'per_run', costUsd, summary: result }
}

/** Times of the command, from times of following. */
function since(startedMs: number, { runningMs, firstLineMs, endedMs }: FollowTimings): Omit<RunTimings, 'submittedMs'> {
  const add = (ms: number | undefined): number | null => (ms === undefined ? null : startedMs + ms)
  return { runningMs: add(runningMs), firstLineMs: add(firstLineMs), endedMs: add(endedMs) }
}
