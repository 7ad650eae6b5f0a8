import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileReason } from './file-reason.ts'

describe('fileReason', () => {
  it.each([
    [join(import.meta.dirname, 'absent'), 'there is no such file'],
    [tmpdir(), 'it is a folder'],
    [join(import.meta.filename, 'below'), 'a part of its path is not a folder'],
  ])('of reading %s', async (file, words) => {
    const error: unknown = await readFile(file).catch((cause: unknown) => cause)
    expect(fileReason(error)).toBe(words)
  })

  it('keeps any other message', () => {
    expect(fileReason(new Error('the disk is on fire'))).toBe('the disk is on fire')
    expect(fileReason('odd')).toBe('odd')
  })
})
