import { hasBrand, ParserError } from './core/parser-error.ts'

const marker = Symbol.for('agent-jobs.opencode-parser-error')

/** Stable codes of {@link OpencodeParserError}. */
export type OpencodeParserErrorCode = 'fed_after_end'

/** Wrong use of the parser. What the stream holds never throws. */
export class OpencodeParserError extends ParserError<OpencodeParserErrorCode> {
  override name = 'OpencodeParserError'
  readonly [marker] = true

  /** True for errors of this class, also from another copy of this package. */
  static isInstance(value: unknown): value is OpencodeParserError {
    return hasBrand(value, marker)
  }
}
