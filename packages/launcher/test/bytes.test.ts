import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runProgram } from './run-program.ts'

const directory = mkdtempSync(join(tmpdir(), 'launcher-bytes-'))
// Writes each [stream, base64] of a plan with one write call.
const writer = `for(const [s,b] of JSON.parse(require('fs').readFileSync(0)))require('fs').writeSync(s,Buffer.from(b,'base64'))`

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.array(fc.constantFrom(0, 10, 13, 64, 195, 255), { maxLength: 100 }).map((list) => Uint8Array.from(list)),
  fc.nat(30_000).map((length) => new Uint8Array(length).fill(65)),
  fc.constantFrom('@aj1 0 l 1 2 {}.\n', '\r\n', '\r', '🙂'.repeat(2100), '\u2028').map((text) => Buffer.from(text)),
)
const plan = fc.array(fc.tuple(fc.constantFrom(1, 2), bytes), { maxLength: 12 })

describe('any bytes in any chunks', () => {
  it('come back equal from both streams, numbered without a hole', async () => {
    const property = fc.asyncProperty(plan, async (list) => {
      const stdin = JSON.stringify(list.map(([stream, part]) => [stream, Buffer.from(part).toString('base64')]))
      const { stdout, stderr, frames, diagnostics, end } = await runProgram({
        argv: [process.execPath, '-e', writer],
        stdin,
      })
      const wanted = (stream: number): Buffer =>
        Buffer.concat(list.filter(([to]) => to === stream).map(([, part]) => Buffer.from(part)))
      expect(stdout.equals(wanted(1))).toBe(true)
      expect(stderr.equals(wanted(2))).toBe(true)
      expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index))
      expect(diagnostics).toEqual([])
      expect(end).toMatchObject({ stdoutBytes: stdout.length, stderrBytes: stderr.length, exitCode: 0 })
    })
    await fc.assert(property, { numRuns: 20 })
  })

  it('pass through a line of 16 MiB and a file of all byte values', async () => {
    const path = join(directory, 'all')
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
    const long = Buffer.alloc(16 * 1024 * 1024, 'l')
    writeFileSync(path, Buffer.concat([all, Buffer.from('\n'), long, Buffer.from('\n'), all]))
    const { stdout, end } = await runProgram({ argv: ['cat', path] })
    expect(stdout.length).toBe(long.length + 514)
    expect(stdout.equals(Buffer.concat([all, Buffer.from('\n'), long, Buffer.from('\n'), all]))).toBe(true)
    expect(end.stdoutBytes).toBe(stdout.length)
  })
})
