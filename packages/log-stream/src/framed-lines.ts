import type { LocatedFrame } from '@agent-jobs/frames'
import { type JoinedLine, LineJoiner } from './line-joiner.ts'
import type { LauncherCursor, LogLine } from './log-item.ts'
import type { LineLimits } from './tracker.ts'

interface OpenLine {
  readonly joiner: LineJoiner
  /** First frame of the open line. */
  first: number
  /** The time from which that frame can be requested again. */
  since: string | undefined
  /** Follows a gap: whether the next line of this stream is complete is unknown. */
  isDoubtful: boolean
}

/** A stream of the command. */
export type CommandStream = 'o' | 'e'
const streams: readonly CommandStream[] = ['o', 'e']

/** The public names of the streams. */
export const streamNames = { o: 'stdout', e: 'stderr' } as const

/** Receives completed lines. Created once, because every line passes here. */
export interface LineHooks {
  /** The follower's current position; taken when a line is complete. */
  cursor(): LauncherCursor
  /** Takes a line, or a part of a long one. */
  onLine(line: LogLine): void
}

/** Joins the frames of both streams to lines. */
export class FramedLines {
  readonly #hooks: LineHooks
  readonly #maxLineBytes: number
  readonly #open: Readonly<Record<CommandStream, OpenLine>>

  constructor(limits: LineLimits, hooks: LineHooks) {
    this.#hooks = hooks
    this.#maxLineBytes = limits.maxLineBytes
    const line = (): OpenLine => ({ joiner: new LineJoiner(limits), first: 0, since: undefined, isDoubtful: false })
    this.#open = { o: line(), e: line() }
  }

  /** Whether a line is incomplete. */
  get isOpen(): boolean {
    return this.#open.o.joiner.open || this.#open.e.joiner.open
  }

  /** Adds a frame; `since` is the time from which it can be requested again. */
  add(stream: CommandStream, frame: LocatedFrame, since: string | undefined): void {
    const line = this.#open[stream]
    const { bytes, from, to } = frame
    // Nearly every line is one frame.
    if (frame.flag !== '+' && to - from <= this.#maxLineBytes && !line.joiner.open) {
      this.#emit(stream, frame, { text: bytes.toString('utf8', from, to), bytes: to - from })
      return
    }
    if (!line.joiner.open) {
      line.first = frame.seq
      line.since = since
    }
    line.joiner.add(bytes.subarray(from, to), frame.flag !== '+', (joined) => this.#emit(stream, frame, joined))
  }

  #emit(stream: CommandStream, frame: LocatedFrame, { text, bytes, part }: JoinedLine): void {
    const line = this.#open[stream]
    const { seq, time, flag } = frame
    const cursor = this.#hooks.cursor()
    const item: LogLine = { type: 'line', stream: streamNames[stream], text, bytes, seq, time, cursor }
    if (part !== undefined) item.part = part
    if (line.isDoubtful) item.headMayBeMissing = true
    if (flag === '$' && part?.last !== false) item.unterminated = true
    line.isDoubtful = false
    this.#hooks.onLine(item)
  }

  /** A gap follows: incomplete lines are broken. Returns what is left of them. */
  break(): { stream: CommandStream; first: number; rest: Buffer }[] {
    return streams.flatMap((stream) => {
      const line = this.#open[stream]
      line.isDoubtful = true
      return line.joiner.open ? [{ stream, first: line.first, rest: line.joiner.reset() }] : []
    })
  }

  /** The first frame of a stream's incomplete line, and from where it can be read again. */
  openAt(stream: CommandStream): { first: number; since: string | undefined } | undefined {
    const { joiner, first, since } = this.#open[stream]
    return joiner.open ? { first, since } : undefined
  }
}
