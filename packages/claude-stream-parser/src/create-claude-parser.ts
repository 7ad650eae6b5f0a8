import { ClaudeParserError } from './claude-parser-error.ts'
import type { ClaudeSummary } from './claude-summary.ts'
import {
  createStreamParser,
  type StreamParser,
  type StreamParserOptions,
  isJsonObject,
} from '@agent-jobs/stream-parser-core'
import type { ClaudeEvent } from './events.ts'
import { readEvent } from './read-event.ts'
import { createRunRecorder } from './run-recorder.ts'

/** Options of {@link createClaudeParser}. */
export interface ClaudeParserOptions extends StreamParserOptions<ClaudeEvent> {
  /** The summary keeps so much of a result's text. Default 4 Mi characters. */
  readonly maxResultChars?: number
}

/** Takes the output of one run. */
export interface ClaudeParser extends StreamParser<ClaudeSummary> {
  /** The agent has finished its work: a result came and nothing is pending. */
  readonly finished: boolean
}

/**
 * Makes a parser for the output of one `claude --print --output-format stream-json --verbose`.
 *
 * @example
 * const parser = createClaudeParser({ onEvent: (event) => console.log(event.kind) })
 * parser.feed('{"type":"result","subtype":"success","is_error":false,"result":"4"}\n')
 * const summary = parser.end({ exitCode: 0 })
 */
export function createClaudeParser(options: ClaudeParserOptions = {}): ClaudeParser {
  return createStreamParser<ClaudeEvent, ClaudeSummary>(options, {
    createRecorder: createRunRecorder,
    readEvent,
    textEvent: (text, line) => ({ kind: 'text', line, text }),
    // `--output-format json --verbose` prints all events as one array.
    objectsIn: (value) => (Array.isArray(value) ? value.filter(isJsonObject) : []),
    fedAfterEnd: () =>
      new ClaudeParserError(
        'fed_after_end',
        'The parser was fed after end(). Make one parser for each run with createClaudeParser().',
      ),
  })
}
