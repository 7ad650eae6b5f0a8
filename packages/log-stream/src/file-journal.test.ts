import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import { frame } from '../test/frames.ts'
import { fileJournal } from './file-journal.ts'
import { createFrameDecoder } from './frame-decoder.ts'
import type { JournalSource } from './journal-source.ts'
import { readPatiently } from './patient-read.ts'

const place = (): string => join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal')
const { signal } = new AbortController()

/** The numbers of the frames that a read yields. */
async function numbers(journal: JournalSource, fromSeq = 0, toSeq?: number): Promise<number[]> {
  const decoder = createFrameDecoder()
  const found: number[] = []
  for await (const chunk of journal.read({ fromSeq, signal, ...(toSeq === undefined ? {} : { toSeq }) })) {
    for (const entry of decoder.push(chunk)) if (entry.kind === 'frame') found.push(entry.frame.seq)
  }
  return found
}

const fewFrames = Buffer.concat([0, 1, 2].map((seq) => frame(seq, 'o', `line ${seq}`)))

describe('a journal in a file', () => {
  it('is empty while the file does not exist', async () => {
    expect(await numbers(fileJournal(place()))).toEqual([])
    expect(await numbers(fileJournal(() => Promise.resolve(null)))).toEqual([])
  })

  it('yields its frames, also those around a torn one', async () => {
    const path = place()
    writeFileSync(path, Buffer.concat([fewFrames, Buffer.from('@aj1 3 o 1 40 torn\n'), frame(4, 'o', 'after')]))
    expect(await numbers(fileJournal(path))).toEqual([0, 1, 2, 4])
  })

  it('is read from near the wanted frame the second time', async () => {
    const path = place()
    writeFileSync(path, Buffer.concat(Array.from({ length: 5_000 }, (_, seq) => frame(seq, 'o', 'x'.repeat(100)))))
    const journal = fileJournal(path)
    expect((await numbers(journal)).length).toBe(5_000)
    const [first = 0] = await numbers(journal, 4_000, 4_010)
    expect(first).toBeGreaterThan(3_000)
    expect(await numbers(journal, 4_000, 4_010)).toContain(4_010)
    expect((await numbers(journal, 10, 20)).at(0)).toBe(0)
  })

  it.each<[string, (path: string) => void]>([
    ['a link', (path) => symlinkSync('/etc/hosts', path)],
    ['a FIFO without a writer', (path) => void execFileSync('mkfifo', [path])],
    ['a directory', (path) => mkdirSync(path)],
  ])('is rejected when it is %s', async (_, make) => {
    const path = place()
    make(path)
    await expect(numbers(fileJournal(path))).rejects.toThrow(/ELOOP|not a regular file|EISDIR/)
  })

  it('is rejected when it is a device, however it was opened', async () => {
    await expect(numbers(fileJournal('/dev/zero'))).rejects.toThrow('the journal is not a regular file')
    await expect(numbers(fileJournal(() => open('/dev/zero')))).rejects.toThrow('the journal is not a regular file')
  })

  it('yields its frames and then fails when it was extended to a terabyte', async () => {
    const path = place()
    writeFileSync(path, fewFrames)
    truncateSync(path, 2 ** 40)
    const seen: number[] = []
    const decoder = createFrameDecoder()
    const read = async (): Promise<void> => {
      for await (const chunk of fileJournal(path).read({ fromSeq: 0, signal })) {
        for (const entry of decoder.push(chunk)) if (entry.kind === 'frame') seen.push(entry.frame.seq)
      }
    }
    await expect(read()).rejects.toThrow(/holds something else than frames at byte \d+/)
    expect(seen).toEqual([0, 1, 2])
  })

  it.each([
    ['lines', 'not a frame\n'],
    ['one line', 'x'],
  ])('is rejected when it contains %s that are not frames', async (_, text) => {
    const path = place()
    writeFileSync(path, text.repeat(300_000))
    await expect(numbers(fileJournal(path))).rejects.toThrow(/something else than frames/)
  })

  it('fails when all reads together take more than its limit', async () => {
    const path = place()
    writeFileSync(path, fewFrames)
    const journal = fileJournal(path, { maxBytes: fewFrames.length + 1 })
    expect(await numbers(journal)).toEqual([0, 1, 2])
    await expect(numbers(journal)).rejects.toThrow(/more than \d+ bytes were read from the journal \(maxBytes\)/)
  })

  it('is read in constant memory', async () => {
    const path = place()
    const block = Buffer.concat(Array.from({ length: 1_000 }, (_, seq) => frame(seq, 'o', 'x'.repeat(1_000))))
    writeFileSync(path, '')
    for (let n = 0; n < 64; n += 1) appendFileSync(path, block)
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    const held = async (): Promise<number> => {
      collectGarbage()
      // Memory freed by a collection is counted a moment later.
      await setImmediate()
      collectGarbage()
      return process.memoryUsage().arrayBuffers
    }
    const before = await held()
    let most = 0
    let chunks = 0
    const open64 = (): AsyncIterable<Uint8Array> => fileJournal(path).read({ fromSeq: 0, signal })
    for await (const _ of readPatiently(open64, { timeoutMs: 60_000, signal, clock: systemClock, name: 'it' })) {
      chunks += 1
      if (chunks % 200 === 0) most = Math.max(most, (await held()) - before)
    }
    expect(chunks).toBeGreaterThan(900)
    expect(most).toBeLessThan(4_000_000)
  })
})
