import { describe, expect, it } from 'vitest'
import { collectClaim, collectEnv, readInteger, readSpan } from './options.ts'

describe('collectEnv', () => {
  it('collects variables, the last of one name wins', () => {
    expect(collectEnv('A=3', collectEnv('B=2', collectEnv('A=1')))).toEqual({ A: '3', B: '2' })
  })

  it('keeps empty values, equals signs and lines', () => {
    expect(collectEnv('A=')).toEqual({ A: '' })
    expect(collectEnv('A=b=c\nd')).toEqual({ A: 'b=c\nd' })
  })

  it('does not show a value in its error', () => {
    expect(() => collectEnv('9X=sk-secret')).toThrow('Expected NAME=VALUE, got `9X=…`.')
    expect(() => collectEnv('9X=sk-secret')).not.toThrow('sk-secret')
  })

  it.each(['A', '=x', 'A B=c', ''])('refuses %j', (value) => {
    expect(() => collectEnv(value)).toThrow('Expected NAME=VALUE')
  })
})

describe('collectClaim', () => {
  it('reads claim and path', () => {
    expect(collectClaim('data:/paperclip', [{ claim: 'a', path: '/a' }])).toEqual([
      { claim: 'a', path: '/a' },
      { claim: 'data', path: '/paperclip' },
    ])
  })

  it.each(['data', 'data:', 'data:relative', ':/x', 'Data:/x', '-a:/x'])('refuses %j', (value) => {
    expect(() => collectClaim(value)).toThrow('Expected NAME:/PATH')
  })
})

describe('readSpan', () => {
  it.each([
    ['90', 90_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['15m', 900_000],
    ['2h', 7_200_000],
  ])('reads %s', (value, ms) => {
    expect(readSpan(value)).toBe(ms)
  })

  it.each(['', '0', '-1', '1d', 'soon', '1e3'])('refuses %j', (value) => {
    expect(() => readSpan(value)).toThrow('Expected a span such as')
  })
})

describe('readInteger', () => {
  it('keeps to its bounds', () => {
    expect(readInteger(0, 65_535)('65535')).toBe(65_535)
    expect(() => readInteger(0, 65_535)('65536')).toThrow('from 0 to 65535')
    expect(() => readInteger(0, 255)('1.5')).toThrow('whole number')
  })
})
