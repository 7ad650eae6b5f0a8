import { array, assert, integer, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTextTail } from './text-tail.ts'

describe('createTextTail', () => {
  it('keeps exactly the last characters, however they came', () => {
    assert(
      property(array(string(), { maxLength: 50 }), integer({ min: 1, max: 40 }), (texts, limit) => {
        const tail = createTextTail(limit)
        for (const text of texts) tail.add(text)
        expect(tail.text()).toBe(texts.join('').slice(-limit))
      }),
    )
  })
})
