import type { RunHandle } from '@agent-jobs/k8s-job-runner'
import type { Style } from '../output/style.ts'

/** What the user's signals do to a run. */
export interface RunHands {
  signal(signal: 'SIGINT' | 'SIGTERM'): void
  hold(handle: RunHandle): void
  /** Leaves the run alone and prints nothing. */
  leave(): void
  /** Resolves when a requested cancellation has finished. */
  settled(): Promise<void>
}

/** Turns signals into cancel and detach, also when they come before there is a Job. */
export function createRunHands(
  leave: AbortController,
  say: (line: string) => void,
  style: Style,
  interrupt: 'cancel' | 'leave',
): RunHands {
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
      // After a detach, the outcome of the cancellation is not awaited.
      await (presses >= 2 ? leaving : cancelling)
    },
  }
}
