import { constants } from 'node:os'
import type { NoticeCode, StopCause } from '@agent-jobs/frames'
import { createLatch, type Latch } from '@agent-jobs/primitives'
import { signalGroup } from './process-group.ts'

const defaultGraceMs = 10_000
/** How long the last output of a command that used up its grace period may take. */
const leastFlushMs = 1000

/** Ends the command: SIGTERM, a grace period, SIGKILL; the first cause counts. */
export interface StopControl {
  /** Time between SIGTERM and SIGKILL. */
  graceMs: number
  /** Why the launcher ended the command; null if it did not. */
  readonly cause: StopCause | null
  /** The command has ended. */
  readonly isOver: boolean
  /** Opens when there is no time left to wait, because the pod is being deleted. */
  readonly gaveUp: Latch<void>
  /** From now on there is a process group to end. */
  started(group: number): void
  stop(cause: StopCause, message: string, signal?: NodeJS.Signals): void
  /** Sends a signal to the command's group, if it exists. */
  send(signal: NodeJS.Signals): void
  /** The command has ended. */
  ended(): void
}

/** Creates the control; `notice` reports what it does. */
export function createStopControl(notice: (code: NoticeCode, message: string) => void): StopControl {
  const gaveUp = createLatch()
  let cause: StopCause | null = null
  let group: number | undefined
  let isOver = false
  let signalledAt: number | undefined
  let killTimer: NodeJS.Timeout | undefined

  const control: StopControl = {
    graceMs: defaultGraceMs,
    gaveUp,
    get cause() {
      return cause
    },
    get isOver() {
      return isOver
    },
    started(pid) {
      group = pid
      // A signal that arrived during the start reaches the command now.
      if (cause !== null) terminate('SIGTERM')
    },
    stop(why, message, signal = 'SIGTERM') {
      if (why === 'signal') signalledAt ??= performance.now()
      // After the command's end a signal only limits the wait for a stdout without a reader.
      if (isOver && why === 'signal') return void setTimeout(gaveUp.open, control.graceMs)
      const isFirst = cause === null
      cause ??= why
      if (group === undefined) return
      if (isFirst) notice(why, message)
      if (!isOver) terminate(signal)
    },
    send(signal) {
      if (group !== undefined) signalGroup(group, signal)
    },
    ended() {
      isOver = true
      clearTimeout(killTimer)
      if (signalledAt === undefined) return
      // A signal that arrived before the end limits that wait, too: the next one will be SIGKILL.
      const left = control.graceMs - (performance.now() - signalledAt)
      setTimeout(gaveUp.open, Math.max(leastFlushMs, left))
    },
  }

  function terminate(signal: NodeJS.Signals): void {
    control.send(signal)
    killTimer ??= setTimeout(() => {
      notice('killed', `The command was still there ${control.graceMs} ms after ${signal}: SIGKILL to its group.`)
      control.send('SIGKILL')
    }, control.graceMs)
  }

  return control
}

/** The exit code of a shell for a command that ended by a signal. */
export function exitCodeOf({ code, signal }: { code: number | null; signal: NodeJS.Signals | null }): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}
