import { describe, expect, it } from 'vitest'
import { hasBrand, ParserError } from './parser-error.ts'

const brand = Symbol.for('agent-jobs.test-error')

class TestError extends ParserError<'wrong'> {
  override name = 'TestError'

  constructor(message: string) {
    super('wrong', message, brand)
  }
}

describe('a parser error', () => {
  it('has a name, a code and a message', () => {
    const error = new TestError('said')
    expect(String(error)).toBe('TestError: said')
    expect(error.code).toBe('wrong')
    expect(error).toBeInstanceOf(Error)
  })

  it('is known by its brand, also from another copy of its class', () => {
    expect(hasBrand(new TestError('said'), brand)).toBe(true)
    expect(hasBrand({ [Symbol.for('agent-jobs.test-error')]: true }, brand)).toBe(true)
    expect([new Error('said'), null, undefined, 'x'].some((value) => hasBrand(value, brand))).toBe(false)
  })
})
