import { expect, it } from 'vitest'
import { withoutColours } from './without-colours.ts'

it('takes the colours of a terminal out of a text and leaves the rest', () => {
  expect(withoutColours('\u001B[91m\u001B[1mError: \u001B[0mno [session]\n')).toBe('Error: no [session]\n')
  expect(withoutColours('plain')).toBe('plain')
})
