import { createStreamParser, type StreamParser, type StreamParserOptions } from '@agent-jobs/stream-parser-core'
import type { OpencodeEvent } from './events.ts'
import { OpencodeParserError } from './opencode-parser-error.ts'
import type { OpencodeSummary } from './opencode-summary.ts'
import { readEvent } from './read-event.ts'
import { createRunRecorder } from './run-recorder.ts'

/** Options of {@link createOpencodeParser}. */
export interface OpencodeParserOptions extends StreamParserOptions<OpencodeEvent> {
  /** The summary keeps so much of the last text. Default 4 Mi characters. */
  readonly maxResultChars?: number
}

/** Takes the output of one run. */
export interface OpencodeParser extends StreamParser<OpencodeSummary> {
  /** The agent answered, or failed permanently. */
  readonly finished: boolean
}

/**
 * Makes a parser for the output of one `opencode run --format json`.
 *
 * @example
 * const parser = createOpencodeParser({ onEvent: (event) => console.log(event.kind) })
 * parser.feed('{"type":"step_start","sessionID":"ses_1","part":{"type":"step-start"}}\n')
 * const summary = parser.end({ exitCode: 0 })
 */
export function createOpencodeParser(options: OpencodeParserOptions = {}): OpencodeParser {
  return createStreamParser<OpencodeEvent, OpencodeSummary>(options, {
    createRecorder: createRunRecorder,
    readEvent,
    textEvent: (text, line) => ({ kind: 'plain', line, text }),
    fedAfterEnd: () =>
      new OpencodeParserError(
        'fed_after_end',
        'The parser was fed after end(). Make one parser for each run with createOpencodeParser().',
      ),
  })
}
