/** Base class of the parsers' errors: a stable `code`, and a brand that another copy of the package recognises. */
export abstract class ParserError<Code extends string> extends Error {
  readonly code: Code

  /** `brand` is a registered symbol (`Symbol.for`), so all copies of a package share it. */
  constructor(code: Code, message: string, brand: symbol) {
    super(message)
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }
}

/** True for an object that carries the brand, also one from another copy of the package. */
export function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && brand in value
}
