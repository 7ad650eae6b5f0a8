import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { leftoversOf, nothing } from '../../primitives/test/leftovers.ts'
import { framedRun } from '../test/frames.ts'
import { fileJournal } from './file-journal.ts'
import { followLogs } from './follow-logs.ts'
import type { FollowOptions } from './follow-options.ts'
import type { LogSource } from './log-source.ts'

// More than one chunk, so that items have to wait.
const count = 4_000
const lines = framedRun(Array.from({ length: count }, (_, n) => ({ stream: 'o', bytes: Buffer.from(`line ${n}`) })))
const stamp = Buffer.from('2026-11-21T09:00:00.000000000Z ')
const body = Buffer.concat(lines.flatMap((line) => [stamp, line, Buffer.from('\n')]))
const never = new Promise<never>(() => undefined)

/** Follows a log over a real socket, so that sockets and files count, and leaves as the scenario says. */
async function follow(
  signal: AbortSignal,
  o: { options?: Partial<FollowOptions>; leaveAfter?: number; cutAfter?: number; pause?: Promise<void> },
): Promise<number> {
  const { options = {}, leaveAfter = Number.POSITIVE_INFINITY, cutAfter, pause } = o
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    if (cutAfter !== undefined && requests === 1) {
      response.write(body.subarray(0, cutAfter), () => response.destroy())
    } else response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const source: LogSource = {
    open: async (request) => await fetch(url, { signal: request.signal, headers: { connection: 'close' } }),
  }
  let seen = 0
  try {
    const followed = { framing: 'launcher', endRecord: 'trust', containerEnded: never, signal, ...options } as const
    for await (const item of followLogs(source, followed)) {
      if (item.type !== 'line') continue
      seen += 1
      await pause
      if (seen === leaveAfter) break
    }
    return seen
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('a follower leaves no socket, file, wait or listener', () => {
  it('when the output has ended', async () => {
    expect(await leftoversOf(async (signal) => void (await follow(signal, {})))).toEqual(nothing)
  })

  it('when the consumer leaves in the middle', async () => {
    expect(await leftoversOf(async (signal) => void (await follow(signal, { leaveAfter: 3 })))).toEqual(nothing)
  })

  it('when the connection breaks and the rest is read again', async () => {
    const options = { backoff: { baseMs: 1, maxMs: 2 } }
    const left = await leftoversOf(async (signal, clock) => {
      expect(await follow(signal, { options: { ...options, clock }, cutAfter: 1_000 })).toBe(count)
    })
    expect(left).toEqual(nothing)
  })

  it.each([3, Number.POSITIVE_INFINITY])(
    'when items wait on disk and the consumer takes %d of them',
    async (leaveAfter) => {
      const directory = mkdtempSync(join(tmpdir(), 'log-leftovers-'))
      const onDisk = Promise.withResolvers<void>()
      const budget = { hasRoom: true, usedBytes: 0, use: () => onDisk.resolve() }
      const options = { spool: { memoryBytes: 500, diskBytes: 1_000_000, directory, budget } }
      const left = await leftoversOf(async (signal) => {
        await follow(signal, { options, leaveAfter, pause: onDisk.promise })
      })
      expect(left).toEqual(nothing)
      expect(readdirSync(directory)).toEqual([])
    },
  )

  it('on disk while items wait there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'log-leftovers-'))
    const onDisk = Promise.withResolvers<void>()
    // A killed process could not remove the file.
    const named = onDisk.promise.then(() => readdirSync(directory))
    const budget = { hasRoom: true, usedBytes: 0, use: () => onDisk.resolve() }
    const options = { spool: { memoryBytes: 500, diskBytes: 1_000_000, directory, budget } }
    await follow(new AbortController().signal, { options, pause: onDisk.promise })
    expect(await named).toEqual([])
  })

  it('when the journal is read', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'log-leftovers-'))
    const path = join(directory, 'journal')
    writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
    const left = await leftoversOf(async (signal) => {
      for await (const chunk of fileJournal(path).read({ fromSeq: 0, signal })) expect(chunk.length).toBeGreaterThan(0)
      for await (const _ of fileJournal(path).read({ fromSeq: 0, signal })) break
    })
    expect(left).toEqual(nothing)
  })
})
