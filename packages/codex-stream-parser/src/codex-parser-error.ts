import { hasBrand, ParserError } from '@agent-jobs/stream-parser-core'

const brand = Symbol.for('agent-jobs.codex-parser-error')

/** Stable codes of {@link CodexParserError}. */
export type CodexParserErrorCode = 'fed_after_end'

/** Wrong use of the parser. Nothing in the stream makes it throw. */
export class CodexParserError extends ParserError<CodexParserErrorCode> {
  override name = 'CodexParserError'

  constructor(code: CodexParserErrorCode, message: string) {
    super(code, message, brand)
  }

  /** True for errors of this class, also from another copy of this package. */
  static isInstance(value: unknown): value is CodexParserError {
    return hasBrand(value, brand)
  }
}
