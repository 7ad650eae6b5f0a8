import type { Outcome, RunHandle } from '@agent-jobs/k8s-job-runner'
import type { AgentParser, AgentSummary } from '../agent/agent-summary.ts'
import type { Clock } from '../clock.ts'
import type { LogRelay } from './log-relay.ts'
import { textTail } from './text-tail.ts'

/** What a followed run came to. */
export interface FollowedRun<Summary extends AgentSummary> {
  outcome: Outcome
  summary: Summary
  /** True when the agent was seen to run: its pod ran, or it printed something. */
  seenRunning: boolean
  /** Whether all output came; null when nobody can tell. */
  outputComplete: boolean | null
  timings: Record<string, number>
}

const keepaliveMs = 10 * 60_000
// Enough for a stack trace; the parser wants the last words only.
const stderrTailBytes = 64 * 1024

/** Follows a run to its end: every line to Paperclip and to the parser, each awaited, and none of them kept. */
export async function followRun<Summary extends AgentSummary>(input: {
  handle: RunHandle
  parser: AgentParser<Summary>
  relay: LogRelay
  clock: Clock
  /** Tells a person where the run stands. */
  progress: (phase: string, message: string) => Promise<void>
  signal: AbortSignal
}): Promise<FollowedRun<Summary>> {
  const { handle, parser, relay, clock, progress } = input
  const startedAt = clock.now()
  const timings: Record<string, number> = {}
  const stderr = textTail(stderrTailBytes)
  const done = new AbortController()
  let seenRunning = false
  let lastOutputAt = startedAt
  let isFinished = false
  let told: Promise<void> = Promise.resolve()
  let outputComplete: boolean | null = null
  let outcome: Outcome | null = null
  const mark = (name: string) => {
    timings[name] ??= clock.now() - startedAt
  }

  const keepalive = async (): Promise<void> => {
    while (!done.signal.aborted) {
      const silentMs = clock.now() - lastOutputAt
      if (silentMs >= keepaliveMs) {
        await relay.line(
          'stdout',
          `[paperclip] keepalive — job ${handle.job.name} running (${Math.round(silentMs / 1000)}s since last output)`,
        )
        lastOutputAt = clock.now()
      }
      await sleepUntil(clock, lastOutputAt + keepaliveMs, done.signal)
    }
  }

  const consume = async (): Promise<void> => {
    for await (const event of handle.events) {
      switch (event.type) {
        case 'line': {
          lastOutputAt = clock.now()
          if (event.stream === 'stdout') {
            seenRunning = true
            mark('firstLineMs')
            parser.feed(event.part?.last === false ? event.text : `${event.text}\n`)
          } else stderr.add(event.text)
          await relay.line(event.stream, event.text, { goesOn: event.part?.last === false })
          if (parser.finished !== isFinished) {
            isFinished = parser.finished
            if (isFinished) mark('finishedMs')
            told = told.then(() => handle.finished(parser.finished))
          }
          break
        }
        case 'gap':
          await relay.line('stderr', `[paperclip] Output is missing here (${event.reason}).`)
          break
        case 'phase':
          mark(`${event.phase}Ms`)
          if (event.phase === 'running') seenRunning = true
          await progress(event.phase, event.message)
          break
        case 'warning':
          // That the work is done is no trouble, and the result says it; Paperclip shows stderr as an error.
          if (event.code === 'launcher_finished') break
          await relay.line('stderr', `[paperclip] ${event.message}`)
          break
        case 'output':
          outputComplete = event.verdict === 'complete' ? true : event.verdict === 'lost' ? false : null
          break
        case 'outcome':
          ;({ outcome } = event)
          break
        default:
          event satisfies never
      }
    }
  }

  const ticking = keepalive()
  try {
    await consume()
  } finally {
    done.abort()
    await ticking
  }
  await told
  const final = outcome ?? (await handle.outcome)
  mark('endedMs')
  const summary = parser.end({ exitCode: final.exitCode, signal: final.signal, stderr: stderr.text() })
  return { outcome: final, summary, seenRunning, outputComplete, timings }
}

async function sleepUntil(clock: Clock, at: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(Math.max(1, at - clock.now()), signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
