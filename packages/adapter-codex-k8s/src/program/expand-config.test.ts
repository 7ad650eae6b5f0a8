import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { expandConfig } from './expand-config.ts'

it('replaces variables, leaves others as they are and names them', () => {
  expect(expandConfig('url = "${URL}/mcp?k=${KEY}"', { URL: 'http://127.0.0.1:1' })).toEqual({
    config: 'url = "http://127.0.0.1:1/mcp?k=${KEY}"',
    missing: ['KEY'],
  })
})

it('keeps any value inside its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const { config } = expandConfig('"${X}"', { X: value })
      expect(JSON.parse(config)).toBe(value)
    }),
  )
})
