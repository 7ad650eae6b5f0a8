import { join, normalize } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertBundlePath, assertNoConflicts } from './bundle-path.ts'
import { BundleError } from './bundle-error.ts'

describe('a path in a bundle', () => {
  it.each(['a', 'a/b', '.claude/skills/x/SKILL.md', 'näme with space', '..a/b..', 'ab:c'])('may be %j', (path) => {
    expect(() => assertBundlePath(path)).not.toThrow()
  })

  it.each([
    ['', 'is empty'],
    ['/etc/passwd', 'is absolute'],
    ['C:/x', 'is absolute'],
    ['..', 'contains the part ".."'],
    ['a/../../b', 'contains the part ".."'],
    ['a/./b', 'contains the part "."'],
    ['a//b', 'contains the part ""'],
    ['a/', 'contains the part ""'],
    ['a\\..\\b', 'contains a backslash'],
    ['a\0b', 'contains a control character'],
    ['a\nb', 'contains a control character'],
    ['x'.repeat(256), 'contains a name of more than 255 bytes'],
    ['ü'.repeat(128), 'contains a name of more than 255 bytes'],
    [Array.from({ length: 300 }, () => 'abc').join('/'), 'is longer than 1,024 bytes'],
  ])('may not be %j', (path, why) => {
    expect(() => assertBundlePath(path)).toThrow(why)
  })

  it('that is accepted never leaves the directory it is joined to', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', '\\', '\0', '/'), fc.string())
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const path = parts.join('/')
        let refusal: unknown
        try {
          assertBundlePath(path)
        } catch (error) {
          refusal = error
        }
        const accepted = refusal === undefined
        expect(accepted || (BundleError.isInstance(refusal) && refusal.code === 'invalid_path')).toBe(true)
        expect(!accepted || normalize(join('/root', path)) === `/root/${path}`).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('paths together', () => {
  it('may not occur twice', () => expect(() => assertNoConflicts(['a', 'b', 'b'])).toThrow('Two entries'))
  it('may not lie below a file', () => {
    expect(() => assertNoConflicts(['a', 'a-b', 'a/b/c'])).toThrow('lies below a, which is a file')
  })
  it('may share a directory', () => expect(() => assertNoConflicts(['a/b', 'a/c', 'a.txt'])).not.toThrow())
})
