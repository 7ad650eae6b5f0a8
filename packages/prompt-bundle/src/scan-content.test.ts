import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from '../test/workshop.ts'
import type { BundleEntry } from './bundle-content.ts'
import { bundleKey } from './prompt-bundles.ts'
import { readBundle } from './read-bundle.ts'

let shop: Workshop
beforeEach(() => {
  shop = openWorkshop()
})
afterEach(() => shop[Symbol.dispose]())

const skill = (): BundleEntry => ({ path: 'skills/one', source: shop.path('one') })
const pathsOf = async (entries: BundleEntry[], linkTargets: string[] = []) =>
  (await readBundle(entries, { linkTargets })).files.map(({ path }) => path)

describe('the key', () => {
  it('is the same for the same content, whatever its location and order', async () => {
    shop.write('one/SKILL.md', 'hello')
    shop.write('copy/SKILL.md', 'hello')
    const text = { path: 'a.md', content: 'instructions' }
    const key = await bundleKey([skill(), text])
    expect(await bundleKey([text, { path: 'skills/one', source: shop.path('copy') }])).toBe(key)
    expect(await bundleKey([text, { path: 'skills/one/SKILL.md', content: Buffer.from('hello') }])).toBe(key)
    expect(key).toMatch(/^[0-9a-f]{64}$/)
  })

  it('differs for another name, byte or mode', async () => {
    const file = shop.write('one/run.sh', 'x')
    const keys = [await bundleKey([skill()])]
    keys.push(await bundleKey([{ path: 'skills/two', source: shop.path('one') }]))
    chmodSync(file, 0o755)
    keys.push(await bundleKey([skill()]))
    shop.write('one/run.sh', 'y')
    keys.push(await bundleKey([skill()]))
    keys.push(await bundleKey([]))
    expect(new Set(keys).size).toBe(5)
  })

  it('does not mistake one split of content into files for another', async () => {
    const files = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'ab', 'a/b'), fc.string()), {
      selector: ([path]) => path,
      maxLength: 3,
    })
    const valid = files.filter(
      (list) => !(list.some(([path]) => path === 'a') && list.some(([path]) => path === 'a/b')),
    )
    const key = (list: [string, string][]) => bundleKey(list.map(([path, content]) => ({ path, content })))
    await fc.assert(
      fc.asyncProperty(valid, valid, async (one, two) => {
        const same = JSON.stringify([...one].sort()) === JSON.stringify([...two].sort())
        expect((await key(one)) === (await key(two))).toBe(same)
      }),
    )
  })
})

describe('a source', () => {
  it('may be a file, a tree, binary, and a link', async () => {
    shop.write('one/SKILL.md', 'x')
    shop.write('one/deep/er/data.bin', Buffer.from([0, 255, 10, 13, 0]))
    shop.write('one/.git/config', 'left out')
    symlinkSync(shop.path('one'), shop.path('link'))
    const { files } = await readBundle([
      { path: 's', source: shop.path('link') },
      { path: 'f.md', source: shop.path('one/SKILL.md') },
    ])
    expect(files.map(({ path }) => path)).toEqual(['f.md', 's/SKILL.md', 's/deep/er/data.bin'])
    expect(files[2]?.content).toEqual(Buffer.from([0, 255, 10, 13, 0]))
  })

  it('may have links that stay inside it; what they lead to is copied', async () => {
    shop.write('one/real/a.md', 'a')
    symlinkSync('real/a.md', shop.path('one/file-link'))
    symlinkSync('real', shop.path('one/folder-link'))
    expect(await pathsOf([skill()])).toEqual([
      'skills/one/file-link',
      'skills/one/folder-link/a.md',
      'skills/one/real/a.md',
    ])
  })

  it('may not lead outside by a link, unless that place is allowed', async () => {
    shop.write('one/SKILL.md', 'x')
    shop.write('secret/token', 's')
    symlinkSync(shop.path('secret'), shop.path('one/more'))
    await expect(pathsOf([skill()])).rejects.toMatchObject({ code: 'symlink_outside', path: shop.path('one/more') })
    expect(await pathsOf([skill()], [shop.path('secret')])).toEqual(['skills/one/SKILL.md', 'skills/one/more/token'])
  })

  it('may not reach a neighbour whose name only begins alike', async () => {
    shop.write('one/SKILL.md', 'x')
    shop.write('one-more/token', 's')
    symlinkSync('../one-more/token', shop.path('one/t'))
    await expect(pathsOf([skill()])).rejects.toMatchObject({ code: 'symlink_outside' })
  })

  it('may not have a cycle of links, short or long', async () => {
    shop.write('one/SKILL.md', 'x')
    symlinkSync('.', shop.path('one/self'))
    await expect(pathsOf([skill()])).rejects.toMatchObject({ code: 'symlink_loop', path: shop.path('one/self') })
    shop.write('two/a/x', 'x')
    shop.write('two/b/x', 'x')
    symlinkSync('../b', shop.path('two/a/to-b'))
    symlinkSync('../a', shop.path('two/b/to-a'))
    await expect(pathsOf([{ path: 't', source: shop.path('two') }])).rejects.toMatchObject({ code: 'symlink_loop' })
    mkdirSync(shop.path('three'))
    symlinkSync('y', shop.path('three/x'))
    symlinkSync('x', shop.path('three/y'))
    await expect(pathsOf([{ path: 't', source: shop.path('three') }])).rejects.toMatchObject({ code: 'symlink_loop' })
  })

  it('may not be missing, nor a link to nothing', async () => {
    await expect(pathsOf([skill()])).rejects.toMatchObject({ code: 'source_missing', path: shop.path('one') })
    mkdirSync(shop.path('one'))
    symlinkSync('nothing', shop.path('one/dangling'))
    await expect(pathsOf([skill()])).rejects.toMatchObject({ code: 'source_missing', path: shop.path('one/dangling') })
  })

  it('may not be a pipe or a device', async () => {
    mkdirSync(shop.path('one'))
    execFileSync('mkfifo', [shop.path('one/pipe')])
    await expect(pathsOf([skill()])).rejects.toMatchObject({ code: 'unsupported_file' })
    await expect(pathsOf([{ path: 'z', source: '/dev/zero' }])).rejects.toMatchObject({ code: 'unsupported_file' })
  })

  it('may not be relative', async () => {
    await expect(pathsOf([{ path: 'x', source: 'one' }])).rejects.toMatchObject({ code: 'invalid_path' })
  })

  it('may not have names that a path cannot hold', async () => {
    shop.write('one/a\nb', 'x')
    await expect(pathsOf([skill()])).rejects.toMatchObject({ code: 'invalid_path' })
  })
})

describe('a limit', () => {
  const limited = (limits: object) => bundleKey([skill()], { limits })

  it('of files, bytes or levels is an error that names it', async () => {
    for (let index = 0; index < 5; index += 1) shop.write(`one/d/${index}`, '12345')
    await expect(limited({ maxFiles: 4 })).rejects.toThrow('more than 4 files')
    await expect(limited({ maxBytes: 24 })).rejects.toThrow('more than 24 bytes')
    await expect(limited({ maxDepth: 0 })).rejects.toThrow('more than 0 levels')
    await expect(limited({ maxFiles: 5, maxBytes: 25, maxDepth: 1 })).resolves.toMatch(/^[0-9a-f]{64}$/)
  })

  it('also holds for directories that links multiply', async () => {
    for (let level = 0; level < 20; level += 1) {
      mkdirSync(shop.path(`one/l${level}`), { recursive: true })
      symlinkSync(`../l${level + 1}`, shop.path(`one/l${level}/a`))
      symlinkSync(`../l${level + 1}`, shop.path(`one/l${level}/b`))
    }
    mkdirSync(shop.path('one/l20'))
    await expect(limited({})).rejects.toMatchObject({ code: 'limit_exceeded' })
  })

  it('is checked while a file is read, not afterwards', async () => {
    shop.write('one/big', Buffer.alloc(3_000_000))
    await expect(limited({ maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'limit_exceeded' })
  })
})
