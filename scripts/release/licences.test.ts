import { describe, expect, it } from 'vitest'
import { isAllowed, licenceProblems } from './licences.ts'
import { componentsOf } from './sbom.ts'

describe('isAllowed', () => {
  it.each([
    ['MIT', true],
    ['GPL-3.0-only', false],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND Apache-2.0', true],
    ['MIT AND GPL-3.0-only', false],
    ['SEE LICENSE IN README.md', false],
  ])('of %s is %s', (expression, expected) => expect(isAllowed(expression)).toBe(expected))
})

describe('licenceProblems', () => {
  it('names components without a licence or with one that is not allowed', () => {
    const bill = JSON.stringify({
      components: [
        { group: '@scope', name: 'good', version: '1.0.0', licenses: [{ license: { id: 'MIT' } }] },
        { name: 'both', version: '1.0.0', licenses: [{ expression: 'MIT OR GPL-2.0-only' }] },
        { name: 'strict', version: '2.0.0', licenses: [{ license: { id: 'GPL-2.0-only' } }] },
        { name: 'silent', version: '3.0.0' },
        {
          group: '@anthropic-ai',
          name: 'claude-code-linux-x64',
          version: '2.0.0',
          licenses: [{ license: { name: 'own' } }],
        },
      ],
    })
    expect(licenceProblems(componentsOf(bill))).toEqual(['silent 3.0.0: no licence', 'strict 2.0.0: GPL-2.0-only'])
  })
})
