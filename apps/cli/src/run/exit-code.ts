import type { Terminal } from '../output/terminal.ts'

/** The exit code shells expect of a process that a signal ended: 128 plus the signal's number. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Remembers the first signal that a command got, for its exit code. */
export interface SignalMemory {
  readonly onSignal: Terminal['onSignal']
  /** The exit code of a command that a signal has ended; undefined when none came. */
  exitCode(): number | undefined
}

/** Records the signals that the command receives. */
export function rememberSignal(onSignal: Terminal['onSignal']): SignalMemory {
  let first: keyof typeof signalCodes | undefined
  return {
    onSignal: (listener) =>
      onSignal((signal) => {
        first ??= signal
        listener(signal)
      }),
    exitCode: () => first && signalCodes[first],
  }
}
