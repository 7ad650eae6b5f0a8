import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openJournal } from './open-journal.ts'
import type { Journal, JournalFile } from './open-journal.ts'

const path = (): string => join(mkdtempSync(join(tmpdir(), 'launcher-journal-')), 'deep', 'journal')

/** A file on a volume that can be stuck, and that records the operations on it. */
function volume() {
  const log: string[] = []
  const state = { stuck: undefined as Promise<void> | undefined }
  const file: JournalFile = {
    write: (async (bytes: Buffer, start: number, length: number) => {
      await state.stuck
      log.push(bytes.subarray(start, start + length).toString())
      return { bytesWritten: length, buffer: bytes }
    }) as unknown as JournalFile['write'],
    datasync: async () => void log.push('sync'),
    close: async () => void log.push('close'),
  }
  return { log, state, open: async () => file }
}

interface Opened {
  journal: Journal
  notices: string[]
}
function opened(file: string, open?: () => Promise<JournalFile>, maxBytes?: number): Opened {
  const notices: string[] = []
  const spec = maxBytes === undefined ? { path: file } : { path: file, maxBytes }
  const journal = openJournal(spec, (code, message) => notices.push(`${code}: ${message}`), open)
  return { journal, notices }
}

describe('the journal', () => {
  it('is a new file with the frames in their order, in directories that it makes', async () => {
    const file = path()
    const { journal, notices } = opened(file)
    for (const text of ['one\n', 'two\n', 'three\n']) journal.push(Buffer.from(text), false)
    expect(await journal.close()).toBeUndefined()
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(notices).toEqual([])
  })

  it('never mixes two runs: an existing file is left as it is', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'launcher-journal-')), 'taken')
    writeFileSync(file, 'earlier')
    const { journal, notices } = opened(file)
    journal.push(Buffer.from('x'), false)
    await journal.close()
    expect(readFileSync(file, 'utf8')).toBe('earlier')
    expect(notices).toEqual([expect.stringMatching(/^journal_failed: The journal .*taken cannot be written .*EEXIST/)])
  })

  it('ends with a notice where it cannot be made', async () => {
    const { journal, notices } = opened('/proc/never/journal')
    journal.push(Buffer.from('x'), false)
    await journal.close()
    journal.push(Buffer.from('x'), false)
    expect(notices).toEqual([expect.stringMatching(/^journal_failed: /)])
    expect(existsSync('/proc/never')).toBe(false)
  })

  it('accepts only records of the launcher beyond its limit', async () => {
    const file = path()
    const { journal, notices } = opened(file, undefined, 10)
    journal.push(Buffer.from('12345678'), false)
    journal.push(Buffer.from('too much'), false)
    journal.push(Buffer.from('small'), false)
    journal.push(Buffer.from(' end'), true)
    await journal.close()
    expect(readFileSync(file, 'utf8')).toBe('12345678 end')
    expect(notices).toEqual([
      `journal_full: The journal ${file} reached 10 bytes (journal.maxBytes): no more lines in it.`,
    ])
  })
})

describe('the journal on a slow volume', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is synced once a second while frames come, and before it is closed', async () => {
    const { log, open } = volume()
    const { journal } = opened('/j', open)
    journal.push(Buffer.from('a'), false)
    await vi.advanceTimersByTimeAsync(500)
    journal.push(Buffer.from('b'), false)
    await vi.advanceTimersByTimeAsync(499)
    expect(log).toEqual(['a', 'b'])
    await vi.advanceTimersByTimeAsync(1)
    expect(log).toEqual(['a', 'b', 'sync'])
    await vi.advanceTimersByTimeAsync(5000)
    journal.push(Buffer.from('c'), false)
    await journal.close()
    expect(log).toEqual(['a', 'b', 'sync', 'c', 'sync', 'close'])
  })

  it('holds at most 8 MiB, then ends with a notice and keeps what it holds', async () => {
    const { log, state, open } = volume()
    let release = (): void => undefined
    state.stuck = new Promise((resolve) => (release = resolve))
    const { journal, notices } = opened('/j', open)
    for (let n = 0; n < 9 * 128; n += 1) journal.push(Buffer.alloc(8192, 'x'), false)
    expect(notices).toEqual([
      'journal_overflow: The volume of the journal /j does not keep up: 8388608 bytes wait. It ends here.',
    ])
    release()
    await journal.close()
    expect(log.filter((text) => text.startsWith('x')).join('')).toHaveLength(8 * 1024 * 1024)
  })

  it('delays the end for 5 seconds at most, and reports it', async () => {
    const { state, open } = volume()
    state.stuck = new Promise(() => undefined)
    const { journal } = opened('/j', open)
    journal.push(Buffer.from('x'), false)
    const closed = vi.fn()
    const end = journal.close().then(closed)
    await vi.advanceTimersByTimeAsync(4999)
    expect(closed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await end
    expect(closed).toHaveBeenCalledWith('the journal /j did not take its last bytes within 5000 ms')
  })
})
