import { assert, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentPieces } from './content-pieces.ts'

describe('contentPieces', () => {
  it('joins to the text again, whatever it holds', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 5000 }), (text) => {
        expect(contentPieces(text).join('')).toBe(text)
      }),
    )
  })

  it('never cuts a surrogate pair', () => {
    assert(
      property(string({ unit: 'grapheme', maxLength: 2000 }), (text) => {
        for (const piece of contentPieces(text)) expect(piece.isWellFormed()).toBe(true)
      }),
    )
  })

  it('keeps the number of pieces small for a long text', () => {
    expect(contentPieces('x'.repeat(10_000_000)).length).toBeLessThanOrEqual(257)
  })

  it('makes no piece of an empty text', () => {
    expect(contentPieces('')).toEqual([])
  })
})
