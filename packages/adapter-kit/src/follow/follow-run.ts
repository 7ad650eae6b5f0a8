import { followAgent, type AgentParser, type AgentSummary, type FollowedAgent } from '@agent-jobs/agent-run'
import type { RunEvent, RunHandle } from '@agent-jobs/k8s-job-runner'
import type { Clock } from '@agent-jobs/primitives'
import type { LogRelay } from './log-relay.ts'

const keepaliveMs = 10 * 60_000

/** Follows a run to its end: shows every line and every phase in Paperclip, each awaited, and stores none of them. */
export async function followRun<Summary extends AgentSummary>(input: {
  handle: RunHandle
  parser: AgentParser<Summary>
  relay: LogRelay
  /** How the agent's own lines are shown. Default: as they are, by `relay`. */
  output?: LogRelay | undefined
  clock: Clock
  /** Reports the run's progress to the user. */
  progress: (phase: string, message: string) => void
  /** Sees each gap in the output. */
  onGap?: ((reason: string) => void) | undefined
  /** Sees each line before it is shown. */
  onLine?: ((line: Extract<RunEvent, { type: 'line' }>) => void) | undefined
  /** True for a line on standard error that is meant for the parser and not shown. */
  isReport?: ((line: string) => boolean) | undefined
}): Promise<FollowedAgent<Summary>> {
  const { handle, parser, relay, output = relay, clock, progress, isReport } = input
  let lastOutputAt = clock.now()
  const show = async (event: RunEvent): Promise<void> => {
    switch (event.type) {
      case 'line':
        lastOutputAt = clock.now()
        input.onLine?.(event)
        if (event.stream === 'stderr' && event.part === undefined && isReport?.(event.text)) return undefined
        return output.line(event.stream, event.text, { goesOn: event.part?.last === false })
      case 'gap':
        input.onGap?.(event.reason)
        return relay.line('stderr', `[paperclip] Output is missing here (${event.reason}).`)
      case 'phase':
        return void progress(event.phase, event.message)
      case 'warning':
        // The result already shows that the work is done; Paperclip shows standard error as an error.
        if (event.code === 'launcher_finished') return undefined
        return relay.line('stderr', `[paperclip] ${event.message}`)
      case 'output':
      case 'outcome':
        return undefined
      default:
        return event satisfies never
    }
  }
  const done = new AbortController()
  const keepalive = async (): Promise<void> => {
    while (!done.signal.aborted) {
      const silentMs = clock.now() - lastOutputAt
      if (silentMs >= keepaliveMs) {
        const since = `${Math.round(silentMs / 1000)}s since last output`
        await relay.line('stdout', `[paperclip] keepalive — job ${handle.job.name} running (${since})`)
        lastOutputAt = clock.now()
      }
      await sleepUntil(clock, lastOutputAt + keepaliveMs, done.signal)
    }
  }
  const ticking = keepalive()
  try {
    return await followAgent({ handle, parser, onEvent: show, now: () => clock.now() })
  } finally {
    done.abort()
    await ticking
  }
}

async function sleepUntil(clock: Clock, at: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(Math.max(1, at - clock.now()), signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
