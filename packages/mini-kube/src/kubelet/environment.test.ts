import { describe, expect, it } from 'vitest'
import { expand, quantity } from './environment.ts'
import { isProblem, pullImage } from './images.ts'
import { createPathRewriter, resolveInside } from './path-rewriter.ts'

describe('paths of a container', () => {
  const rewrite = createPathRewriter([
    { from: '/data', to: '/real/data' },
    { from: '/data/inner/', to: '/real/inner' },
    { from: '/', to: '/never' },
  ])
  it.each([
    ['/data', '/real/data'],
    ['/data/x', '/real/data/x'],
    ['/data/inner/x', '/real/inner/x'],
    ['--dir=/data', '--dir=/real/data'],
    ['{"path":"/data/a"}', '{"path":"/real/data/a"}'],
    ['a:/data:/data/b', 'a:/real/data:/real/data/b'],
    ['cd /data && ls', 'cd /real/data && ls'],
    ['/data2', '/data2'],
    ['/x/data', '/x/data'],
    ['my/data', 'my/data'],
    ['aGVsbG8/data+x', 'aGVsbG8/data+x'],
    ['/data.json', '/data.json'],
  ])('%s becomes %s', (text, expected) => expect(rewrite(text)).toBe(expected))

  it('are found by the longest mount', () => {
    const mounts = [
      { from: '/a', to: '/1' },
      { from: '/a/b', to: '/2' },
    ]
    expect([resolveInside('/a/b/c', mounts), resolveInside('/a/x', mounts), resolveInside('/ab', mounts)]).toEqual([
      '/2/c',
      '/1/x',
      undefined,
    ])
  })
})

describe('values', () => {
  it.each([
    ['500m', 0.5],
    ['2', 2],
    ['1Gi', 2 ** 30],
    ['1.5M', 1.5e6],
    ['1e3', 1000],
  ])('%s is %d', (text, expected) => expect(quantity(text)).toBe(expected))
  it('expands known variables, keeps unknown ones, and halves dollars', () =>
    expect(expand('$(A)-$(B)-$$(A)-$A', { A: '1' })).toBe('1-$(B)-$(A)-$A'))
})

describe('images', () => {
  const images = { 'local/agent:1': { env: { a: 'b' } }, 'team/*': {}, plain: {} }
  it.each([
    ['local/agent:1', undefined],
    ['team/x:2', undefined],
    ['plain', undefined],
    ['local/other:1', 'ErrImagePull'],
    ['UPPER/Case:x y', 'InvalidImageName'],
    ['ghcr.io/owner/Name', 'InvalidImageName'],
  ])('%s: %s', (name, reason) => {
    const found = pullImage(images, name, 'IfNotPresent')
    expect(isProblem(found) ? found.reason : undefined).toBe(reason)
  })
  it('are not looked for with the policy Never', () =>
    expect(pullImage(images, 'absent:1', 'Never')).toMatchObject({ reason: 'ErrImageNeverPull' }))
})
