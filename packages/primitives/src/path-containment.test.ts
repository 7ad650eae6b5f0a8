import { posix } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWithin, relativeWithin } from './path-containment.ts'

describe('containment of a path', () => {
  it.each([
    ['/data', '/data', ''],
    ['/data', '/data/', ''],
    ['/data/', '/data', ''],
    ['/data//', '/data/a', 'a'],
    ['/data', '/data/a/b', 'a/b'],
    ['/data', '/data/a//b/', 'a/b'],
    ['/data', '/data/./a/x/../b', 'a/b'],
    ['/', '/etc/passwd', 'etc/passwd'],
    ['/', '/', ''],
    ['/data', '/../data/a', 'a'],
    ['companies', 'companies/acme', 'acme'],
    ['', 'companies/acme', 'companies/acme'],
  ])('finds below %j the path %j as %j', (folder, path, expected) => {
    expect(relativeWithin(folder, path)).toBe(expected)
    expect(isWithin(folder, path)).toBe(true)
  })

  it.each([
    ['/data', '/database'],
    ['/data', '/data-old/a'],
    ['/data', '/data/../etc'],
    ['/data', '/data/a/../../etc'],
    ['/data', '/'],
    ['/data', 'data'],
    ['data', '/data'],
    ['', '/data'],
    ['companies', '../companies'],
    ['companies', 'companies/../../x'],
    ['../a', '../a/b'],
    ['/data', '/data/\0'],
    ['/da\0ta', '/da\0ta/x'],
  ])('finds not below %j the path %j', (folder, path) => {
    expect(relativeWithin(folder, path)).toBeNull()
    expect(isWithin(folder, path)).toBe(false)
  })

  // The pieces that matter, in every order.
  const text = fc
    .array(fc.constantFrom('a', 'b', '..', '.', '/', '//', 'ab', ' ', '\\', 'ä'))
    .map((all) => all.join(''))

  it('agrees with node:path for absolute paths', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [folder, path] = [`/${a}`, `/${b}`]
        const relative = posix.relative(folder, path)
        const outside = relative === '..' || relative.startsWith('../')
        expect(relativeWithin(folder, path)).toBe(outside ? null : relative)
      }),
    )
  })

  it('gives a path that leads back to the same place', () => {
    fc.assert(
      fc.property(text, text, (folder, path) => {
        const inside = relativeWithin(folder, path)
        if (inside === null) return
        expect(posix.resolve('/base', folder, inside)).toBe(posix.resolve('/base', path))
        expect(inside.split('/')).not.toContain('..')
      }),
    )
  })
})
