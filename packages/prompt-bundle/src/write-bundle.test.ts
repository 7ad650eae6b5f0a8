import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from '../test/workshop.ts'
import type { ScannedFile } from './manifest.ts'
import { fillDirectory, publish, repair } from './write-bundle.ts'

let shop: Workshop
beforeEach(() => {
  shop = openWorkshop()
})
afterEach(() => shop[Symbol.dispose]())

function scanned(path: string, text: string): ScannedFile {
  const file = shop.write(`source/${path}`, text)
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { path, bytes: Buffer.byteLength(text), sha256, executable: false, origin: { file } }
}

describe('a source that changes between the scan and the copy', () => {
  const changes: [string, (file: string) => void, string][] = [
    ['in a byte', (file) => writeFileSync(file, 'hallo'), 'source_changed'],
    ['in length, growing', (file) => writeFileSync(file, 'hello world'), 'source_changed'],
    ['in length, shrinking', (file) => truncateSync(file, 1), 'source_changed'],
    ['by going', (file) => rmSync(file), 'source_missing'],
    [
      'into a link',
      (file) => {
        rmSync(file)
        symlinkSync('/etc/hostname', file)
      },
      'symlink_loop',
    ],
    [
      'into a directory',
      (file) => {
        rmSync(file)
        mkdirSync(file)
      },
      'source_unreadable',
    ],
  ]

  it.each(changes)('%s is an error', async (_, change, code) => {
    const file = scanned('a.md', 'hello')
    change(shop.path('source/a.md'))
    await expect(fillDirectory(shop.path('out'), [file])).rejects.toMatchObject({ code })
  })

  it('leaves the existing files when it happens during a repair', async () => {
    const file = scanned('a.md', 'hello')
    shop.write('out/a.md', 'old')
    shop.write('source/a.md', 'changed')
    const damage = [{ path: 'a.md', what: 'changed' }] as const
    const mending = repair(shop.path('out'), { files: [file], damage, scratch: shop.path('scratch') })
    await expect(mending).rejects.toMatchObject({ code: 'source_changed', retryable: true })
    expect(readFileSync(shop.path('out/a.md'), 'utf8')).toBe('old')
  })
})

describe('a large file', () => {
  it('is copied in pieces, byte for byte', async () => {
    const content = Buffer.alloc(3_000_001, 'pattern ')
    const file = scanned('big', content.toString())
    await fillDirectory(shop.path('out'), [file])
    expect(readFileSync(shop.path('out/big')).equals(content)).toBe(true)
  })

  it('is not copied further when the signal is aborted', async () => {
    const abort = new AbortController()
    const files = Array.from({ length: 50 }, (_, index) => scanned(`f${index}`, `${index}`))
    const writing = fillDirectory(shop.path('out'), files, abort.signal)
    abort.abort(new Error('enough'))
    await expect(writing).rejects.toThrow('enough')
  })
})

describe('publishing', () => {
  it('reports that another writer was first, and keeps its bundle', async () => {
    shop.write('mine/a', 'mine')
    shop.write('place/a', 'theirs')
    expect(await publish(shop.path('mine'), shop.path('place'))).toBe(false)
    expect(readFileSync(shop.path('place/a'), 'utf8')).toBe('theirs')
    expect(existsSync(shop.path('mine/a'))).toBe(true)
  })

  it('reports a file in its place too', async () => {
    shop.write('mine/a', 'mine')
    shop.write('place', 'a file')
    expect(await publish(shop.path('mine'), shop.path('place'))).toBe(false)
  })

  it('moves the whole directory', async () => {
    shop.write('mine/a', 'mine')
    expect(await publish(shop.path('mine'), shop.path('place'))).toBe(true)
    expect(readdirSync(shop.path('place'))).toEqual(['a'])
  })

  it('reports that the directory was removed', async () => {
    expect(await publish(shop.path('absent'), shop.path('place'))).toBe(false)
  })

  it('names a volume that fails', async () => {
    shop.write('mine/a', 'mine')
    await expect(publish(shop.path('mine'), shop.path('mine/within'))).rejects.toMatchObject({ code: 'volume_error' })
  })
})
