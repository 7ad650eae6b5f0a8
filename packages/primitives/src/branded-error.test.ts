import { describe, expect, it } from 'vitest'
import { BrandedError, type BrandedErrorOptions } from './branded-error.ts'

class VolumeError extends BrandedError<'full' | 'gone'> {
  static override readonly errorName = 'VolumeError'
  readonly path: string

  constructor(code: 'full' | 'gone', path: string, message: string, options?: BrandedErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

class NetworkError extends BrandedError<'refused'> {
  static override readonly errorName = 'NetworkError'
}

describe('a branded error', () => {
  it('has a name, a code, a message, a cause and a promise about retries', () => {
    const cause = new Error('ENOSPC')
    const error = new VolumeError('full', '/data', 'The volume is full.', { cause, retryable: true })
    expect(String(error)).toBe('VolumeError: The volume is full.')
    expect(error).toMatchObject({ code: 'full', path: '/data', cause, retryable: true })
    expect(error).toBeInstanceOf(Error)
  })

  it('is not retryable and has no cause unless that is said', () => {
    const error = new NetworkError('refused', 'Connection refused.')
    expect(error.retryable).toBe(false)
    expect('cause' in error).toBe(false)
  })

  it('is recognised in another copy of its package', () => {
    const copy = (() => {
      class VolumeError2 extends BrandedError<'full'> {
        static override readonly errorName = 'VolumeError'
      }
      return VolumeError2
    })()
    expect(VolumeError.isInstance(new copy('full', 'x'))).toBe(true)
    expect(copy.isInstance(new VolumeError('gone', '/x', 'x'))).toBe(true)
  })

  it('is not taken for an error of another class, nor for anything else', () => {
    const values = [new NetworkError('refused', 'x'), new Error('x'), { code: 'full' }, null, undefined, 'full']
    expect(values.map((value) => VolumeError.isInstance(value))).toEqual(values.map(() => false))
  })

  it('narrows the type to the class', () => {
    const error: unknown = new VolumeError('full', '/data', 'x')
    expect(VolumeError.isInstance(error) && error.path).toBe('/data')
  })
})
