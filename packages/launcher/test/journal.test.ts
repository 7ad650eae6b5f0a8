import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { canReplaceItself, runProgram, startProgram } from './run-program.ts'

const directory = mkdtempSync(join(tmpdir(), 'launcher-journal-'))

describe('a run with a journal', () => {
  it('contains the same bytes as stdout, including the end record', async () => {
    const path = join(directory, 'same')
    const { raw } = await runProgram({ argv: ['sh', '-c', 'seq 3000; echo e >&2; printf x'], journal: { path } })
    expect(readFileSync(path).equals(raw)).toBe(true)
  })

  it('contains the reason for a failed start', async () => {
    const path = join(directory, 'failed')
    const { raw } = await runProgram({ argv: ['nowhere'], journal: { path } })
    expect(readFileSync(path).equals(raw)).toBe(true)
  })

  it('starts the command only once where it must, and leaves the journal of the first start alone', async () => {
    const path = join(directory, 'once')
    const made = join(directory, 'starts')
    const spec = { argv: ['sh', '-c', 'echo started >> "$1"', 'sh', made], journal: { path, startsOnce: true } }
    expect((await runProgram(spec)).end).toMatchObject({ exitCode: 0 })
    const journal = readFileSync(path)
    const second = await runProgram(spec)
    expect(second.end).toMatchObject({ exitCode: null, startError: { code: 'already_started' } })
    expect(second.end?.startError?.message).toContain(path)
    expect(readFileSync(made, 'utf8')).toBe('started\n')
    expect(readFileSync(path)).toEqual(journal)
    // Without the rule the command starts, and the journal, which cannot be written, stays as it is.
    expect((await runProgram({ ...spec, journal: { path } })).end).toMatchObject({ exitCode: 0 })
    expect(readFileSync(path)).toEqual(journal)
  })

  it('is complete even when stdout has no reader any more', async () => {
    const path = join(directory, 'alone')
    const fifo = join(directory, 'closed')
    execFileSync('mkfifo', [fifo])
    const argv = ['sh', '-c', 'echo one; cat "$1"; echo two', 'sh', fifo]
    const run = startProgram({ argv, journal: { path } })
    await run.seen('one.')
    const { stdout } = run.child
    if (stdout === null) throw new Error('expected a stdout')
    const closed = once(stdout, 'close')
    stdout.destroy()
    await closed
    writeFileSync(fifo, '')
    expect((await run.result).exitCode).toBe(0)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('"code":"stdout_lost"')
    expect(text).toMatch(/ 3 two\.\n/)
    expect(text).toMatch(/"type":"end".*"exitCode":0.*\}\.\n$/)
  })

  it('continues without a journal that cannot be written', async () => {
    const fifo = join(mkdtempSync(join(directory, 'go-')), 'fifo')
    execFileSync('mkfifo', [fifo])
    const journal = { path: '/proc/never/journal' }
    const run = startProgram({ argv: ['sh', '-c', 'cat "$1"; echo fine', 'sh', fifo], journal })
    await run.seen('journal_failed')
    writeFileSync(fifo, '')
    const { end, notices, stdout } = await run.result
    expect(notices).toEqual(['journal_failed'])
    expect(stdout.toString()).toBe('fine\n')
    expect(end.exitCode).toBe(0)
  })
})

describe('a permanently stuck stdout', () => {
  it('does not keep the launcher running after SIGTERM and the grace period, and the exit code is still the command’s', async () => {
    const fifo = join(directory, 'fifo')
    execFileSync('mkfifo', [fifo])
    const path = join(directory, 'stuck')
    // The pipe is open for writing as long as the command runs, so its end shows that the command's work has ended.
    const run = startProgram({
      argv: ['sh', '-c', 'exec 3>"$1"; yes 0123456789abcdef | head -20000; exit 6', 'sh', fifo],
      journal: { path },
      limits: { killGraceMs: 100 },
    })
    run.child.stdout?.pause()
    const exit = once(run.child, 'exit')
    for await (const piece of createReadStream(fifo)) expect(piece).toBeUndefined()
    // Whether or not the launcher has noticed the end: one signal is all it gets.
    run.child.kill('SIGTERM')
    const [code] = (await exit) as [number | null]
    run.child.stdout?.destroy()
    expect(code).toBe(canReplaceItself ? 6 : null)
  })
})
