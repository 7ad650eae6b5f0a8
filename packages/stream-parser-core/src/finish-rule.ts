/** Matches a line that holds all strings of `includes` and, for each entry of `unless`, not all of its strings. */
export interface LinePattern {
  readonly includes: readonly string[]
  readonly unless?: readonly (readonly string[])[] | undefined
}

/**
 * Ends a command that repeats itself: it is stopped (`loop_limit`) after `maxSteps` lines of `step` in a row. A step counts
 * if no line of `progress` came since the step before it, or since the turn began.
 */
export interface LoopRule {
  readonly step: readonly LinePattern[]
  readonly progress: readonly LinePattern[]
  readonly maxSteps: number
}

/**
 * How a program that does not parse, such as a launcher in a pod, sees from lines of stdout whether the agent has finished
 * its work. It is finished while a line of `workDone` has come, no turn is open, and nothing is held. Each member lists
 * patterns; one that matches is enough.
 */
export interface FinishRule {
  /** The work is done. Such a line also ends a turn. */
  readonly workDone: readonly LinePattern[]
  /** A turn begins: a model call follows, however long it stays silent. */
  readonly turnBegins: readonly LinePattern[]
  /** A turn ends that says nothing about the work. */
  readonly turnEnds?: readonly LinePattern[] | undefined
  /** True where a turn may begin before the one before it has ended: then each needs its own end. Default false. */
  readonly turnsOverlap?: boolean | undefined
  /** From here on work goes on in the background … */
  readonly heldFrom?: readonly LinePattern[] | undefined
  /** … until here. */
  readonly heldUntil?: readonly LinePattern[] | undefined
  /** Ends an agent that would never finish. */
  readonly loop: LoopRule
}
