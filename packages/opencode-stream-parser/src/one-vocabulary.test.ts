import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const here = import.meta.dirname
const there = join(here, '../../claude-stream-parser/src')

// Each parser stands alone, without a dependency, so it has its own copy of these. They must not drift apart.
describe('what both parsers have in common', () => {
  it.each(['agent-error-code.ts', 'line-splitter.ts', 'line-splitter.test.ts', 'name-counter.ts', 'process-signal.ts'])(
    '%s is the same in both',
    (file) => {
      expect(readFileSync(join(here, file), 'utf8')).toBe(readFileSync(join(there, file), 'utf8'))
    },
  )
})
