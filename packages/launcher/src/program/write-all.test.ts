import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, read, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemErrorCode } from '@agent-jobs/primitives'
import { describe, expect, it, vi } from 'vitest'
import { writeAll } from './write-all.ts'

/** The current content of the pipe; empty when there is none. */
async function readSome(fd: number): Promise<Buffer> {
  try {
    const { bytesRead, buffer } = await promisify(read)(fd, Buffer.alloc(70_000), 0, 70_000, null)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') return Buffer.alloc(0)
    throw error
  }
}

/** Fills the pipe; returns how many bytes it takes. */
function fill(fd: number): number {
  let size = 0
  try {
    for (;;) size += writeSync(fd, Buffer.alloc(4_096))
  } catch (error) {
    if (systemErrorCode(error) !== 'EAGAIN') throw error
  }
  return size
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('writing to a pipe', () => {
  it('that is full and does not block loses nothing', async () => {
    const fifo = join(mkdtempSync(join(tmpdir(), 'launcher-write-')), 'fifo')
    execFileSync('mkfifo', [fifo])
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    const filling = fill(fd)
    // More than the capacity of a pipe, so that writes are partial, too.
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => n % 251))
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    try {
      const state = { isDone: false }
      const writing = writeAll(fd, bytes).then(() => (state.isDone = true))
      // Only after EAGAIN does it wait.
      while (vi.getTimerCount() === 0 && !state.isDone) await nextTurn()
      expect(state.isDone).toBe(false)
      const taken: Buffer[] = []
      for (let size = 0; size < filling + bytes.length; size += taken.at(-1)?.length ?? 0) {
        taken.push(await readSome(fd))
        vi.runOnlyPendingTimers()
        if (state.isDone && taken.at(-1)?.length === 0) break
      }
      await writing
      expect(Buffer.concat(taken).subarray(filling).equals(bytes)).toBe(true)
    } finally {
      vi.useRealTimers()
      closeSync(fd)
    }
  })

  it('that is gone reports it', async () => {
    await expect(writeAll(2 ** 30, Buffer.from('x'))).rejects.toMatchObject({ code: 'EBADF' })
  })
})
