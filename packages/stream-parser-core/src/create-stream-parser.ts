import { isJsonObject, type JsonObject, parseJson } from './json.ts'
import type { LineEvent } from './line-event.ts'
import { createLineSplitter } from './line-splitter.ts'
import type { ProcessEnd } from './process-end.ts'
import { readObjects } from './read-objects.ts'
import { requirePositive } from './require-positive.ts'
import type { RecorderOptions, RunRecorder } from './run-recorder.ts'

/** Options of a parser. */
export interface StreamParserOptions<Event> {
  /** Called for each line, in order, while it is fed. */
  readonly onEvent?: (event: Event) => void
  /** Longer lines are dropped and counted. Default 64 MiB. */
  readonly maxLineBytes?: number
  /** The summary keeps so much of the last answer's text. Default 4 Mi characters. */
  readonly maxResultChars?: number
  /**
   * The time in milliseconds since 1970, asked where a sentence such as "resets 3pm (UTC)" is on a line that does not
   * say when it was printed. Default `Date.now`.
   */
  readonly now?: (() => number) | undefined
}

/** Takes the output of one run. */
export interface StreamParser<Summary> {
  /** Takes a chunk of stdout, cut anywhere. */
  feed(chunk: Uint8Array | string): void
  /** Takes one whole line, with or without its newline. */
  line(text: string): void
  /**
   * Takes what is left and judges the run: with exit code, signal and stderr where they are given, by the stream
   * alone otherwise. May be called again when more is known about the end.
   */
  end(end?: ProcessEnd): Summary
  /** The agent has finished its work. */
  readonly finished: boolean
  /** Known from the first line that carries it. */
  readonly sessionId: string | null
}

/** What one agent prints and the other does not. */
export interface Dialect<Event extends { readonly kind: string }, Summary> {
  readonly createRecorder: (options: RecorderOptions) => RunRecorder<Event['kind'], Summary>
  /** The typed event of a JSON object. */
  readonly readEvent: (value: JsonObject, line: number) => Event
  /** The event of a line that is not a JSON object. */
  readonly textEvent: (text: string, line: number) => Event
  /** The objects inside a line of other JSON; a line without one is text. */
  readonly objectsIn?: (value: unknown) => readonly JsonObject[]
  /** The error for a caller that feeds after the end. */
  readonly fedAfterEnd: () => Error
}

const defaultMaxLineBytes = 64 * 1024 * 1024
const defaultMaxResultChars = 4 * 1024 * 1024

/** Makes a parser for the output of one run: cuts it into lines, tells their sorts apart and hands them on. */
export function createStreamParser<Event extends { readonly kind: string }, Summary>(
  options: StreamParserOptions<Event | LineEvent>,
  dialect: Dialect<Event, Summary>,
): StreamParser<Summary> {
  const {
    onEvent,
    maxLineBytes = defaultMaxLineBytes,
    maxResultChars = defaultMaxResultChars,
    now = Date.now,
  } = options
  requirePositive('maxLineBytes', maxLineBytes)
  requirePositive('maxResultChars', maxResultChars)
  const recorder = dialect.createRecorder({ maxResultChars, now })
  let count = 0
  let ended = false
  // The first error of a listener. It is thrown when the chunk is done, so that no line of it is lost.
  let failed: { error: unknown } | null = null

  const sink = { line: takeFirstLine, oversize: takeOversize }
  const splitter = createLineSplitter(sink, maxLineBytes)

  function takeFirstLine(line: string, complete: boolean): void {
    sink.line = takeLine
    takeLine(line.startsWith('\uFEFF') ? line.slice(1) : line, complete)
  }

  function takeLine(line: string, complete: boolean): void {
    count++
    const value = parseJson(line)
    if (isJsonObject(value)) return takeObject(value)
    const objects = dialect.objectsIn?.(value) ?? []
    if (objects.length > 0) return objects.forEach(takeObject)
    const { objects: whole, rest } = value === undefined ? readObjects(line) : { objects: [], rest: [line] }
    whole.forEach(takeObject)
    for (const text of rest) takeText(text, complete)
  }

  function takeText(line: string, complete: boolean): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    if (text.trim() === '') return
    if (!complete && /^[{[]/.test(text) && parseJson(text) === undefined) {
      recorder.cut(count)
      return emit({ kind: 'cut', line: count, text })
    }
    recorder.text(text, count)
    emit(dialect.textEvent(text, count))
  }

  function takeObject(value: JsonObject): void {
    const event = dialect.readEvent(value, count)
    recorder.event(event.kind, value, count)
    emit(event)
  }

  function takeOversize(bytes: number, head: string): void {
    count++
    recorder.oversize(count)
    emit({ kind: 'oversize', line: count, bytes, head })
  }

  function emit(event: Event | LineEvent): void {
    if (!onEvent) return
    try {
      onEvent(event)
    } catch (error) {
      failed ??= { error }
    }
  }

  function throwFailure(): void {
    const failure = failed
    failed = null
    if (failure) throw failure.error
  }

  function take(feed: () => void): void {
    if (ended) throw dialect.fedAfterEnd()
    feed()
    throwFailure()
  }

  return {
    feed: (chunk) => take(() => splitter.feed(chunk)),
    line: (text) => take(() => splitter.line(text)),
    end(end = {}) {
      if (!ended) {
        ended = true
        splitter.end()
        throwFailure()
      }
      return recorder.summary(end)
    },
    get finished() {
      return recorder.finished
    },
    get sessionId() {
      return recorder.sessionId
    },
  }
}
