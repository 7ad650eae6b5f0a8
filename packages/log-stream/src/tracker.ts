import type { Ending, LogCursor, LogItem, Verdict } from './log-item.ts'

/** What to do after some bytes: read on, ask again from the file's start, or stop because the end record came. */
export type Step = 'more' | 'reread' | 'finished'

/**
 * What the newest line in the log is: handed over already; newer; or newer, but of a time that a request by time would
 * leave out, because the node's clock went back.
 */
export type Newest = 'same' | 'newer' | 'hidden'

/** How one request is about to be made. */
export interface RequestPlan {
  /** Ask for the whole newest file instead of resuming at a time. */
  full: boolean
  follow: boolean
  /**
   * The container ended: what this request gives is all there is. A last line without newline is taken after a look at
   * the newest line alone (`ask`), or as it is (`take`).
   */
  last: false | 'ask' | 'take'
}

/** Turns the bytes of one connection after another into items, each exactly once. */
export interface Tracker {
  /** A new connection begins; gives the time to ask for. */
  begin(plan: RequestPlan): { sinceTime?: string }
  /** Takes bytes. Asynchronous only where a journal has to be read. */
  push(chunk: Uint8Array): Step | Promise<Step>
  /**
   * The body ended. Gives what stood behind the last newline, when it is no piece of a line but words of the
   * server. With `last`, the output is over: what is left is handed over.
   */
  endBody(o: { last: boolean }): string | Promise<string>
  /** Everything that can still be found elsewhere (the journal) is handed over. */
  drain(): Promise<void>
  /** The log server gives nothing: what follows without a hole elsewhere (the journal) is handed over meanwhile. */
  catchUp(): Promise<'more' | 'finished'>
  /** The whole file cannot be read: the next hole is taken for a loss without it. */
  acceptLoss(): void
  /** Whether lines wait to be told from lines handed over before. */
  readonly undecided: boolean
  /** All there is was read: decide what was waiting for more. */
  quiet(): void
  /**
   * Whether what was read can only be judged when it is known that all there is was read: lines that wait, and at the
   * output's end also bytes behind the last newline.
   */
  needsProof(o: { last: boolean }): boolean
  /** Whether the answer to a `tailLines=1` probe is the very last of what was read. */
  hasRead(newest: Uint8Array, o: { last: boolean }): boolean
  /** Judges the answer to a `tailLines=1` probe. */
  judgeNewest(body: Uint8Array): Newest
  cursor(): LogCursor
  verdict(): Verdict
  ending(): Ending
  /** Whether an end record is still to come. */
  readonly awaitsEnd: boolean
  /** Counts what was handed over, to tell progress from repetition. */
  readonly delivered: number
}

/** Receives items in order. */
export type Emit = (item: LogItem) => void

/** How long lines are treated, shared by both framings. */
export interface LineLimits {
  maxLineBytes: number
  longLines: 'parts' | 'refuse'
}
