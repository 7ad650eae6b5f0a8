import { createStreamParser, type StreamParser, type StreamParserOptions } from '@agent-jobs/stream-parser-core'
import { CodexParserError } from './codex-parser-error.ts'
import type { CodexSummary } from './codex-summary.ts'
import type { CodexEvent } from './events.ts'
import { readEvent } from './read-event.ts'
import { createRunRecorder } from './run-recorder.ts'
import type { CodexUsage } from './thread-usage.ts'

/** Options of {@link createCodexParser}. */
export interface CodexParserOptions extends StreamParserOptions<CodexEvent> {
  /**
   * Tokens that the thread had used before this run: its last `threadUsage` that is not null, or null for a new thread. Codex
   * prints totals of the thread; without this, they are what `usage` holds (`usageBasis: 'session_cumulative'`).
   */
  readonly previousUsage?: CodexUsage | null | undefined
  /** The time, in ms since 1970, to turn "try again at 9:51 PM" into a date. Default: the time in the thread's id. */
  readonly now?: (() => number) | undefined
  /** Time zone of the process, an IANA name. Default `UTC`, which containers have unless told otherwise. */
  readonly timeZone?: string | undefined
}

/** Takes the output of one run. */
export interface CodexParser extends StreamParser<CodexSummary> {
  /** The turn completed or failed. */
  readonly finished: boolean
}

/**
 * Makes a parser for the output of one `codex exec --json`.
 *
 * @example
 * const parser = createCodexParser({ previousUsage: null, onEvent: (event) => console.log(event.kind) })
 * parser.feed('{"type":"thread.started","thread_id":"01a228d8-f2e1-7872-a036-e1fbb3403739"}\n')
 * const summary = parser.end({ exitCode: 0 })
 */
export function createCodexParser(options: CodexParserOptions = {}): CodexParser {
  const { previousUsage, now, timeZone = 'UTC' } = options
  return createStreamParser<CodexEvent, CodexSummary>(options, {
    createRecorder: ({ maxResultChars }) => createRunRecorder({ maxResultChars, previousUsage, now, timeZone }),
    readEvent,
    textEvent: (text, line) => ({ kind: 'plain', line, text }),
    fedAfterEnd: () =>
      new CodexParserError(
        'fed_after_end',
        'The parser was fed after end(). Make one parser for each run with createCodexParser().',
      ),
  })
}
