import { describe, expect, it } from 'vitest'
import { matchesPattern, matchesPatterns } from './patterns.ts'

describe('matchesPattern', () => {
  it.each([
    ['agents', 'agents', true],
    ['agents', 'agent', false],
    ['ghcr.io/acme/agent:1', 'ghcr.io/acme/*', true],
    ['ghcr.io/acme', 'ghcr.io/acme/*', false],
    ['evil/ghcr.io/acme/agent', 'ghcr.io/acme/*', false],
    ['team-a-agents', 'team-*-agents', true],
    ['team-agents', 'team-*-agents', false],
    ['aba', 'ab*ba', false],
    ['aXb', 'a.b', false],
    ['', '*', true],
    ['abcbd', 'a*b*d', true],
  ])('compares %s with %s', (text, pattern, expected) => {
    expect(matchesPattern(text, pattern)).toBe(expected)
  })

  it('takes time linear in the length of a hostile text', () => {
    const start = process.cpuUsage().user
    expect(matchesPattern('a'.repeat(1_000_000), `${'*a'.repeat(200)}*b`)).toBe(false)
    expect(process.cpuUsage().user - start).toBeLessThan(2_000_000)
  })
})

describe('matchesPatterns', () => {
  it('lets an exclusion win, wherever it is', () => {
    expect(matchesPatterns('system-node-critical', ['!system-*', '*'])).toBe(false)
    expect(matchesPatterns('low', ['*', '!system-*'])).toBe(true)
  })

  it('matches nothing without patterns', () => {
    expect(matchesPatterns('x', [])).toBe(false)
  })
})
