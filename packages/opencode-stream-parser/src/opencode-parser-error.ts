import { hasBrand, ParserError } from '@agent-jobs/stream-parser-core'

const brand = Symbol.for('agent-jobs.opencode-parser-error')

/** Stable codes of {@link OpencodeParserError}. */
export type OpencodeParserErrorCode = 'fed_after_end'

/** Wrong use of the parser. What the stream holds never throws. */
export class OpencodeParserError extends ParserError<OpencodeParserErrorCode> {
  override name = 'OpencodeParserError'

  constructor(code: OpencodeParserErrorCode, message: string) {
    super(code, message, brand)
  }

  /** True for errors of this class, also from another copy of this package. */
  static isInstance(value: unknown): value is OpencodeParserError {
    return hasBrand(value, brand)
  }
}
