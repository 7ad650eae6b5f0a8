/** What the error classes of both parsers have in common: a stable `code`, and a brand that each adds. */
export abstract class ParserError<Code extends string> extends Error {
  readonly code: Code

  constructor(code: Code, message: string) {
    super(message)
    this.code = code
  }
}

/** True for an object that carries the brand, also one from another copy of the package. */
export function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && brand in value
}
