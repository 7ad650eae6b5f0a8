import { ClaudeParserError } from './claude-parser-error.ts'
import type { ClaudeSummary } from './claude-summary.ts'
import type { ClaudeEvent } from './events.ts'
import type { ProcessEnd } from './evidence.ts'
import { isJsonObject, type JsonObject, parseJson } from './json.ts'
import { createLineSplitter } from './line-splitter.ts'
import { readEvent } from './read-event.ts'
import { createRunRecorder } from './run-recorder.ts'

/** Options of {@link createClaudeParser}. */
export interface ClaudeParserOptions {
  /** Called for each line, in order, while it is fed. */
  readonly onEvent?: (event: ClaudeEvent) => void
  /** Longer lines are dropped and counted. Default 64 MiB. */
  readonly maxLineBytes?: number
  /** The summary keeps so much of a result's text. Default 4 Mi characters. */
  readonly maxResultChars?: number
}

/** Takes the output of one run. */
export interface ClaudeParser {
  /** Takes a chunk of stdout, cut anywhere. */
  feed(chunk: Uint8Array | string): void
  /** Takes one whole line, with or without its newline. */
  line(text: string): void
  /**
   * Takes what is left and judges the run: with exit code, signal and stderr where they are given, by the stream
   * alone otherwise. May be called again when more is known about the end.
   */
  end(end?: ProcessEnd): ClaudeSummary
  /** The agent has finished its work: a result came and nothing is pending. */
  readonly finished: boolean
  /** Known from the first line that carries it. */
  readonly sessionId: string | null
}

const defaultMaxLineBytes = 64 * 1024 * 1024
const defaultMaxResultChars = 4 * 1024 * 1024

/**
 * Makes a parser for the output of one `claude --print --output-format stream-json --verbose`.
 *
 * @example
 * const parser = createClaudeParser({ onEvent: (event) => console.log(event.kind) })
 * parser.feed('{"type":"result","subtype":"success","is_error":false,"result":"4"}\n')
 * const summary = parser.end({ exitCode: 0 })
 */
export function createClaudeParser(options: ClaudeParserOptions = {}): ClaudeParser {
  const { onEvent, maxLineBytes = defaultMaxLineBytes, maxResultChars = defaultMaxResultChars } = options
  requirePositive('maxLineBytes', maxLineBytes)
  requirePositive('maxResultChars', maxResultChars)
  const recorder = createRunRecorder(maxResultChars)
  let count = 0
  let ended = false
  // The first error of a listener. It is thrown when the chunk is done, so that no line of it is lost.
  let failed: { error: unknown } | null = null

  const splitter = createLineSplitter({ line: takeLine, oversize: takeOversize }, maxLineBytes)

  function takeLine(line: string, complete: boolean): void {
    count++
    const value = parseJson(line)
    if (isJsonObject(value)) return takeObject(value)
    // `--output-format json --verbose` prints all events as one array.
    if (Array.isArray(value) && value.some(isJsonObject)) {
      for (const element of value) if (isJsonObject(element)) takeObject(element)
      return
    }
    const said = line.endsWith('\r') ? line.slice(0, -1) : line
    if (said.trim() === '') return
    if (!complete && value === undefined && /^[{[]/.test(said)) {
      recorder.cut(count)
      return emit({ kind: 'cut', line: count, text: said })
    }
    recorder.text(said, count)
    emit({ kind: 'text', line: count, text: said })
  }

  function takeObject(value: JsonObject): void {
    const event = readEvent(value, count)
    recorder.event(event.kind, value, count)
    emit(event)
  }

  function takeOversize(bytes: number, head: string): void {
    count++
    recorder.oversize(count)
    emit({ kind: 'oversize', line: count, bytes, head })
  }

  function emit(event: ClaudeEvent): void {
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
    if (ended) {
      throw new ClaudeParserError(
        'fed_after_end',
        'The parser was fed after end(). Make one parser for each run with createClaudeParser().',
      )
    }
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

function requirePositive(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0) {
    throw new TypeError(`Expected \`${name}\` to be a positive number, got \`${value}\``)
  }
}
