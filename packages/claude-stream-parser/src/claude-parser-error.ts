import { hasBrand, ParserError } from '@agent-jobs/stream-parser-core'

const brand = Symbol.for('agent-jobs.claude-parser-error')

/** Stable codes of {@link ClaudeParserError}. */
export type ClaudeParserErrorCode = 'fed_after_end'

/** Wrong use of the parser. What the stream holds never throws. */
export class ClaudeParserError extends ParserError<ClaudeParserErrorCode> {
  override name = 'ClaudeParserError'

  constructor(code: ClaudeParserErrorCode, message: string) {
    super(code, message, brand)
  }

  /** True for errors of this class, also from another copy of this package. */
  static isInstance(value: unknown): value is ClaudeParserError {
    return hasBrand(value, brand)
  }
}
