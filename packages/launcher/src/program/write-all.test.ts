import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, read } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemErrorCode } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
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

describe('writing to a pipe', () => {
  it('that is full and does not block loses nothing', async () => {
    const fifo = join(mkdtempSync(join(tmpdir(), 'launcher-write-')), 'fifo')
    execFileSync('mkfifo', [fifo])
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    // More than the capacity of a pipe, so that writes are partial and then meet EAGAIN.
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => n % 251))
    const writing = writeAll(fd, bytes)
    const taken: Buffer[] = []
    for (let size = 0; size < bytes.length;) {
      const piece = await readSome(fd)
      taken.push(piece)
      size += piece.length
    }
    await writing
    expect(Buffer.concat(taken).equals(bytes)).toBe(true)
    closeSync(fd)
  })

  it('that is gone reports it', async () => {
    await expect(writeAll(2 ** 30, Buffer.from('x'))).rejects.toMatchObject({ code: 'EBADF' })
  })
})
