import type { FrameFlag } from '@agent-jobs/frames'
import type { FinishRule } from '../launch-spec.ts'
import { createTokenFinder, matchesAny, tokensOf } from './find-tokens.ts'

/** Follows the lines of standard output by a {@link FinishRule}. */
export interface FinishWatch {
  /** One payload of standard output. */
  stdout(payload: Buffer, flag: FrameFlag): void
  /** The work is done, as reported from outside. A turn that begins takes it back. */
  done(): void
  /** The work is done, no turn is open and nothing runs in the background. */
  readonly finished: boolean
  /** As many steps without progress in a row as `loop.maxSteps` allows. */
  readonly looping: boolean
}

/** Creates the watch of one run; without a rule only `done` finishes it. */
export function createFinishWatch(rule: FinishRule | undefined): FinishWatch {
  const { workDone, turnBegins, turnEnds, turnsOverlap = false, heldFrom, heldUntil, loop } = rule ?? {}
  const lists = [workDone, turnBegins, turnEnds, heldFrom, heldUntil, loop?.step, loop?.progress]
  const find = createTokenFinder(lists.flatMap(tokensOf))
  let isDone = false
  let openTurns = 0
  let isHeld = false
  let idleSteps = 0
  let hasProgress = false

  function line(found: ReadonlySet<string>): void {
    countSteps(found)
    if (matchesAny(heldFrom, found)) isHeld = true
    if (matchesAny(heldUntil, found)) isHeld = false
    if (matchesAny(turnBegins, found)) openTurns = turnsOverlap ? openTurns + 1 : 1
    const isEnd = matchesAny(workDone, found)
    if (isEnd || matchesAny(turnEnds, found)) openTurns = Math.max(0, openTurns - 1)
    if (isEnd) isDone = true
  }

  function countSteps(found: ReadonlySet<string>): void {
    if (loop === undefined) return
    if (matchesAny(turnBegins, found)) hasProgress = false
    if (matchesAny(loop.progress, found)) {
      hasProgress = true
      idleSteps = 0
    }
    if (!matchesAny(loop.step, found)) return
    if (!hasProgress) idleSteps += 1
    hasProgress = false
  }

  return {
    stdout(payload, flag) {
      const found = rule === undefined ? null : find(payload, flag)
      if (found !== null && found.size > 0) line(found)
    },
    done() {
      isDone = true
      openTurns = 0
    },
    get finished() {
      return isDone && openTurns === 0 && !isHeld
    },
    get looping() {
      return loop !== undefined && idleSteps >= loop.maxSteps
    },
  }
}
