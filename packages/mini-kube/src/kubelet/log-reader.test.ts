import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { array, assert, asyncProperty, uint8Array } from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseLogOptions } from '../api/logs.ts'
import { LogFile, partBytes } from './log-file.ts'
import { readLog } from './log-reader.ts'

interface Case {
  name: string
  disk: string
  query: Record<string, string>
  status: number
  body: string
}
const recorded = JSON.parse(
  readFileSync(new URL('../__fixtures__/kubernetes/log-semantics/cases.json', import.meta.url), 'utf8'),
) as { cases: Case[] }

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mini-kube-logs-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const forever = new AbortController().signal
async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}
const read = (path: string, query: Record<string, string> = {}, live?: LogFile) =>
  readLog(
    { path, live, noticeEnd: async () => undefined },
    parseLogOptions('pod', new URLSearchParams(query), Date.now()),
    forever,
  )

describe('the recorded answers of a real kubelet', () => {
  it.each(recorded.cases.map((one, index) => Object.assign(one, { index })))(
    '$index $name $query',
    async ({ disk, query, body, index }) => {
      const path = join(folder, `case-${index}.log`)
      writeFileSync(path, disk)
      expect((await collect(read(path, query))).toString('utf8')).toBe(body)
    },
  )
})

describe('a container’s log file', () => {
  const fresh = (name: string, options?: { rotateBytes?: number }) =>
    new LogFile(join(folder, name), () => Date.UTC(2026, 0, 1), options)

  it('splits a line of 16,385 bytes in two parts and leaves one of 16,384 whole', async () => {
    const log = fresh('parts.log')
    log.write('stdout', Buffer.from(`${'a'.repeat(partBytes)}\n${'b'.repeat(partBytes + 1)}\n`))
    log.end()
    const tags = readFileSync(log.path, 'latin1')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').slice(1, 3).join(' '))
    expect(tags).toEqual(['stdout F', 'stdout P', 'stdout F'])
    expect((await collect(read(log.path))).length).toBe(2 * partBytes + 3)
  })

  it('returns any bytes written in any pieces, except carriage returns before newlines', async () => {
    let count = 0
    await assert(
      asyncProperty(array(uint8Array({ maxLength: 40_000 }), { maxLength: 6 }), async (chunks) => {
        const log = fresh(`any-${count++}.log`)
        const all = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)))
        for (const chunk of chunks) log.write('stdout', Buffer.from(chunk))
        log.end()
        const expected = all.toString('latin1').replaceAll('\r\n', '\n')
        expect((await collect(read(log.path))).toString('latin1')).toBe(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('never gives two lines of a stream the same time', () => {
    const log = fresh('stamps.log')
    log.write('stdout', Buffer.from('x\n'.repeat(10_000)))
    log.end()
    const stamps = readFileSync(log.path, 'latin1')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0])
    expect(new Set(stamps).size).toBe(10_000)
    expect([...stamps].sort()).toEqual(stamps)
  })

  it('serves only the newest file after a rotation', async () => {
    const log = fresh('rotated.log')
    log.write('stdout', Buffer.from('old\n'))
    log.rotate()
    log.write('stdout', Buffer.from('new\n'))
    log.end()
    expect((await collect(read(log.path))).toString()).toBe('new\n')
  })

  it('lets a follower that keeps up through a rotation without loss', async () => {
    const log = fresh('follow.log')
    log.write('stdout', Buffer.from('1\n'))
    const got: string[] = []
    for await (const part of read(log.path, { follow: 'true' }, log)) {
      got.push(part.toString())
      if (got.length === 1) {
        setImmediate(() => {
          log.write('stdout', Buffer.from('2\n'))
          setImmediate(() => log.rotate())
        })
      } else if (got.length === 2) {
        setImmediate(() => {
          log.write('stdout', Buffer.from('3\n'))
          log.end()
        })
      }
    }
    expect(got.join('')).toBe('1\n2\n3\n')
  })

  it('sends the newest file again when two rotations came while the reader lagged, as a real kubelet does', async () => {
    const log = fresh('twice.log')
    log.write('stdout', Buffer.from('A\n'))
    const stream = read(log.path, { follow: 'true' }, log)[Symbol.asyncIterator]()
    expect((await stream.next()).value?.toString()).toBe('A\n')
    const second = stream.next()
    await new Promise((resolve) => setImmediate(resolve))
    log.write('stdout', Buffer.from('A2\n'))
    expect((await second).value?.toString()).toBe('A2\n')
    log.rotate()
    log.write('stdout', Buffer.from('B\n'))
    log.rotate()
    log.write('stdout', Buffer.from('C\n'))
    log.end()
    const rest: string[] = []
    for (let next = await stream.next(); !next.done; next = await stream.next()) rest.push(next.value.toString())
    expect(rest.join('')).toBe('C\nC\n')
  })
})
