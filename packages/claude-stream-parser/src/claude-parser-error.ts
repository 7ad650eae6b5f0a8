const marker = Symbol.for('agent-jobs.claude-parser-error')

/** Stable codes of {@link ClaudeParserError}. */
export type ClaudeParserErrorCode = 'fed_after_end'

/** Wrong use of the parser. What the stream holds never throws. */
export class ClaudeParserError extends Error {
  readonly code: ClaudeParserErrorCode
  readonly [marker] = true

  constructor(code: ClaudeParserErrorCode, message: string) {
    super(message)
    this.name = 'ClaudeParserError'
    this.code = code
  }

  /** True for errors of this class, also from another copy of this package. */
  static isInstance(value: unknown): value is ClaudeParserError {
    return typeof value === 'object' && value !== null && marker in value
  }
}
