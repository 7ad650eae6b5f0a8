import type { ParsedFrame } from '@agent-jobs/frames'
import { LineJoiner } from './line-joiner.ts'
import type { LauncherCursor, LogLine } from './log-item.ts'
import type { LineLimits } from './tracker.ts'

interface OpenLine {
  readonly joiner: LineJoiner
  /** First frame of the open line. */
  first: number
  /** From where the log must be asked to read that frame again. */
  since: string | undefined
  /** A gap lies before: whether the next line of this stream is whole cannot be known. */
  isDoubtful: boolean
}

/** A stream of the command. */
export type CommandStream = 'o' | 'e'
const streams: readonly CommandStream[] = ['o', 'e']

/** What consumers call the streams. */
export const streamNames = { o: 'stdout', e: 'stderr' } as const

/** What becomes of whole lines. Made once, because every line passes here. */
export interface LineHooks {
  /** Where a follower stands now; taken when a line became whole. */
  cursor(): LauncherCursor
  /** Takes a line, or a part of a long one. */
  onLine(line: LogLine): void
}

/** Joins the frames of both streams to lines. */
export class FramedLines {
  readonly #hooks: LineHooks
  readonly #open: Readonly<Record<CommandStream, OpenLine>>

  constructor(limits: LineLimits, hooks: LineHooks) {
    this.#hooks = hooks
    const line = (): OpenLine => ({ joiner: new LineJoiner(limits), first: 0, since: undefined, isDoubtful: false })
    this.#open = { o: line(), e: line() }
  }

  /** Whether a line has begun and not ended. */
  get isOpen(): boolean {
    return streams.some((stream) => this.#open[stream].joiner.open)
  }

  /** Adds a frame; `since` is from where the log must be asked to read it again. */
  add(stream: CommandStream, frame: ParsedFrame, since: string | undefined): void {
    const line = this.#open[stream]
    if (!line.joiner.open) {
      line.first = frame.seq
      line.since = since
    }
    line.joiner.add(frame.payload, frame.flag !== '+', ({ text, bytes, part }) => {
      const { seq, time } = frame
      const cursor = this.#hooks.cursor()
      const item: LogLine = { type: 'line', stream: streamNames[stream], text, bytes, seq, time, cursor }
      if (part !== undefined) item.part = part
      if (line.isDoubtful) item.headMayBeMissing = true
      if (frame.flag === '$' && part?.last !== false) item.unterminated = true
      line.isDoubtful = false
      this.#hooks.onLine(item)
    })
  }

  /** A gap follows: lines that were open are broken. Gives what is left of them. */
  break(): { stream: CommandStream; first: number; rest: Buffer }[] {
    return streams.flatMap((stream) => {
      const line = this.#open[stream]
      line.isDoubtful = true
      return line.joiner.open ? [{ stream, first: line.first, rest: line.joiner.reset() }] : []
    })
  }

  /** The first frame of the open line of a stream, and from where it can be read again. */
  openAt(stream: CommandStream): { first: number; since: string | undefined } | undefined {
    const { joiner, first, since } = this.#open[stream]
    return joiner.open ? { first, since } : undefined
  }
}
