import { OpencodeParserError } from './opencode-parser-error.ts'
import type { OpencodeSummary } from './opencode-summary.ts'
import type { OpencodeEvent } from './events.ts'
import type { ProcessEnd } from './evidence.ts'
import { isJsonObject, parseJson } from './json.ts'
import { createLineSplitter } from './line-splitter.ts'
import { readEvent } from './read-event.ts'
import { createRunRecorder } from './run-recorder.ts'

/** Options of {@link createOpencodeParser}. */
export interface OpencodeParserOptions {
  /** Called for each line, in order, while it is fed. */
  readonly onEvent?: (event: OpencodeEvent) => void
  /** Longer lines are dropped and counted. Default 64 MiB. */
  readonly maxLineBytes?: number
  /** The summary keeps so much of the last text. Default 4 Mi characters. */
  readonly maxResultChars?: number
}

/** Takes the output of one run. */
export interface OpencodeParser {
  /** Takes a chunk of stdout, cut anywhere. */
  feed(chunk: Uint8Array | string): void
  /** Takes one whole line, with or without its newline. */
  line(text: string): void
  /**
   * Takes what is left and judges the run: with exit code, signal and stderr where they are given, by the stream
   * alone otherwise. May be called again when more is known about the end.
   */
  end(end?: ProcessEnd): OpencodeSummary
  /** The agent answered, or failed for good. */
  readonly finished: boolean
  /** Known from the first line that carries it. */
  readonly sessionId: string | null
}

const defaultMaxLineBytes = 64 * 1024 * 1024
const defaultMaxResultChars = 4 * 1024 * 1024

/**
 * Makes a parser for the output of one `opencode run --format json`.
 *
 * @example
 * const parser = createOpencodeParser({ onEvent: (event) => console.log(event.kind) })
 * parser.feed('{"type":"step_start","sessionID":"ses_1","part":{"type":"step-start"}}\n')
 * const summary = parser.end({ exitCode: 0 })
 */
export function createOpencodeParser(options: OpencodeParserOptions = {}): OpencodeParser {
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
    if (isJsonObject(value)) {
      const event = readEvent(value, count)
      recorder.event(event.kind, value, count)
      return emit(event)
    }
    const said = line.endsWith('\r') ? line.slice(0, -1) : line
    if (said.trim() === '') return
    if (!complete && value === undefined && /^[{[]/.test(said)) {
      recorder.cut(count)
      return emit({ kind: 'cut', line: count, text: said })
    }
    recorder.text(said, count)
    emit({ kind: 'plain', line: count, text: said })
  }

  function takeOversize(bytes: number, head: string): void {
    count++
    recorder.oversize(count)
    emit({ kind: 'oversize', line: count, bytes, head })
  }

  function emit(event: OpencodeEvent): void {
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
      throw new OpencodeParserError(
        'fed_after_end',
        'The parser was fed after end(). Make one parser for each run with createOpencodeParser().',
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
