import { describe, expect, it } from 'vitest'
import { age, textTable } from './text-table.ts'

describe('textTable', () => {
  it('makes every column as wide as its widest cell, and shows a dash for empty cells', () => {
    expect(
      textTable(
        ['A', 'LONG'],
        [
          ['wide one', 'x'],
          ['', 'y'],
        ],
      ),
    ).toEqual(['A         LONG', 'wide one  x', '-         y'])
  })

  it('lets no cell control the terminal or break the line', () => {
    expect(textTable(['A'], [['red\u001b[31m\nnext']])[1]).toBe('red next')
  })
})

describe('age', () => {
  it.each([
    [-5, '0s'],
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [125_000, '2m5s'],
    [3_600_000, '1h'],
    [9 * 3_600_000 + 300_000, '9h5m'],
    [47 * 3_600_000, '1d23h'],
    [40 * 86_400_000, '40d'],
  ])('shows %i ms as %s', (ms, text) => {
    expect(age(ms)).toBe(text)
  })
})
