const marker = Symbol.for('agent-jobs.opencode-parser-error')

/** Stable codes of {@link OpencodeParserError}. */
export type OpencodeParserErrorCode = 'fed_after_end'

/** Wrong use of the parser. What the stream holds never throws. */
export class OpencodeParserError extends Error {
  readonly code: OpencodeParserErrorCode
  readonly [marker] = true

  constructor(code: OpencodeParserErrorCode, message: string) {
    super(message)
    this.name = 'OpencodeParserError'
    this.code = code
  }

  /** True for errors of this class, also from another copy of this package. */
  static isInstance(value: unknown): value is OpencodeParserError {
    return typeof value === 'object' && value !== null && marker in value
  }
}
