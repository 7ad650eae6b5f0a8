import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SpoolBudget } from './spool-budget.ts'

const headerBytes = 4

/**
 * A temporary file of records, first in, first out. The file is unlinked once it is open (where the system
 * allows that), so that not even a killed process leaves it behind.
 */
export class Spillway {
  readonly #directory: string
  readonly #budget: SpoolBudget | undefined
  #file: FileHandle | undefined
  #folder: string | undefined
  #pending: Buffer[] = []
  #pendingBytes = 0
  #written = 0
  #read = 0
  #flushing: Promise<void> | undefined
  #gone = false

  constructor(directory: string, budget?: SpoolBudget) {
    this.#directory = directory
    this.#budget = budget
  }

  /** Bytes waiting to be written. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Size of the file. */
  get fileBytes(): number {
    return this.#written
  }

  append(text: string): void {
    const bytes = Buffer.allocUnsafe(headerBytes + Buffer.byteLength(text))
    bytes.writeUInt32LE(bytes.length - headerBytes, 0)
    bytes.write(text, headerBytes)
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
  }

  /** Writes the waiting records. */
  async flush(): Promise<void> {
    while (this.#pendingBytes > 0 || this.#flushing !== undefined) {
      this.#flushing ??= this.#write().finally(() => {
        this.#flushing = undefined
      })
      await this.#flushing
    }
  }

  async #write(): Promise<void> {
    const file = await this.#open()
    const batch = Buffer.concat(this.#pending, this.#pendingBytes)
    const taken = this.#pending.length
    let at = 0
    while (at < batch.length) {
      const { bytesWritten } = await file.write(batch, at, batch.length - at, this.#written + at)
      at += bytesWritten
    }
    this.#written += batch.length
    this.#budget?.use(batch.length)
    this.#pending.splice(0, taken)
    this.#pendingBytes -= batch.length
  }

  async #open(): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file
    const folder = await mkdtemp(join(this.#directory, 'log-stream-'))
    this.#folder = folder
    const file = await open(join(folder, 'spool'), 'w+', 0o600)
    this.#file = file
    if (process.platform !== 'win32') await this.#unlink()
    return file
  }

  async #unlink(): Promise<void> {
    const folder = this.#folder
    this.#folder = undefined
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }

  /** Takes the oldest records, about `bytes` of them and at least one. */
  async take(bytes: number): Promise<string[]> {
    const records: string[] = []
    if (this.#gone) return records
    if (this.#read === this.#written) {
      // Everything in the file was taken: waiting records can skip it. A write in progress comes first.
      // The writer is told if that fails; what it could not write still waits here.
      if (this.#flushing !== undefined) await Promise.allSettled([this.#flushing])
      if (this.#read === this.#written) {
        for (const record of this.#pending.splice(0)) records.push(record.toString('utf8', headerBytes))
        this.#pendingBytes = 0
        return records
      }
    }
    let block = await this.#readAt(this.#read, Math.min(Math.max(bytes, headerBytes), this.#written - this.#read))
    let at = 0
    while (at + headerBytes <= block.length) {
      const end = at + headerBytes + block.readUInt32LE(at)
      if (end > block.length) {
        if (records.length > 0) break
        block = await this.#readAt(this.#read, end)
      }
      records.push(block.toString('utf8', at + headerBytes, end))
      at = end
    }
    this.#read += at
    return records
  }

  async #readAt(position: number, length: number): Promise<Buffer> {
    const file = await this.#open()
    const block = Buffer.allocUnsafe(length)
    let at = 0
    while (at < length) {
      const { bytesRead } = await file.read(block, at, length - at, position + at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return block.subarray(0, at)
  }

  /** Everything was taken: restarts the file. */
  async reset(): Promise<void> {
    if (this.#flushing !== undefined || this.#pendingBytes > 0 || this.#read !== this.#written) return
    this.#giveBack()
    this.#read = 0
    this.#written = 0
    await this.#file?.truncate(0)
  }

  #giveBack(): void {
    this.#budget?.use(-this.#written)
  }

  /** Closes and removes the file. */
  async remove(): Promise<void> {
    if (this.#gone) return
    this.#gone = true
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#flushing !== undefined) await Promise.allSettled([this.#flushing])
    this.#giveBack()
    await this.#file?.close()
    await this.#unlink()
  }
}
