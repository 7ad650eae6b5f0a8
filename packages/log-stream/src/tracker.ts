import type { Ending, LogCursor, LogItem, Verdict } from './log-item.ts'

/** What to do after some bytes: read on, request the file from its start, or stop because the end record arrived. */
export type Step = 'more' | 'reread' | 'finished'

/**
 * The newest line in the log: already delivered; newer; or newer, but with a time that a request by time would
 * leave out, because the node's clock went back.
 */
export type Newest = 'same' | 'newer' | 'hidden'

/** How one request will be made. */
export interface RequestPlan {
  /** Request the whole newest file instead of resuming at a time. */
  full: boolean
  follow: boolean
  /**
   * The container ended: this request returns all there is. A last line without newline is taken after requesting
   * the newest line alone (`ask`), or as it is (`take`).
   */
  last: false | 'ask' | 'take'
}

/** Turns the bytes of successive connections into items, each exactly once. */
export interface Tracker {
  /** A new connection begins; returns the time to request. */
  begin(plan: RequestPlan): { sinceTime?: string }
  /** Takes bytes. Asynchronous only if a journal has to be read. */
  push(chunk: Uint8Array): Step | Promise<Step>
  /**
   * The body ended. Returns the text after the last newline, unless it is a piece of a line: a message from the
   * server. With `last`, the output has ended: what is left is delivered.
   */
  endBody(o: { last: boolean }): string | Promise<string>
  /** Delivers everything that can still be found elsewhere (in the journal). */
  drain(): Promise<void>
  /** The log server returns nothing: delivers what follows without a gap elsewhere (in the journal) until it does. */
  catchUp(): Promise<'more' | 'finished'>
  /** The whole file cannot be read: the next gap counts as lost without it. */
  acceptLoss(): void
  /** Whether lines wait until it is known if they were delivered before. */
  readonly undecided: boolean
  /** Everything was read: decides what was waiting for more. */
  quiet(): void
  /**
   * Whether what was read can only be judged once everything is known to have been read: waiting lines, and at the
   * output's end also bytes after the last newline.
   */
  needsProof(o: { last: boolean }): boolean
  /** Whether the answer to a `tailLines=1` probe is the very last line that was read. */
  hasRead(newest: Uint8Array, o: { last: boolean }): boolean
  /** Judges the answer to a `tailLines=1` probe. */
  judgeNewest(body: Uint8Array): Newest
  cursor(): LogCursor
  verdict(): Verdict
  ending(): Ending
  /** Whether an end record is still expected. */
  readonly awaitsEnd: boolean
  /** Counts delivered items, to tell progress from repetition. */
  readonly delivered: number
}

/** Receives items in order. */
export type Emit = (item: LogItem) => void

/** How to treat lines, shared by both framings. */
export interface LineLimits {
  maxLineBytes: number
  longLines: 'parts' | 'refuse'
}
