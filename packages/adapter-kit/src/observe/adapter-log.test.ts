import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { operatorLog } from './adapter-log.ts'

function log(target: string | undefined, stderr: Writable = new PassThrough()) {
  const problems: string[] = []
  const found = Promise.withResolvers<void>()
  const opened = operatorLog({
    env: { AGENT_JOBS_LOG: target },
    now: () => 0,
    stderr,
    onProblem(message) {
      problems.push(message)
      found.resolve()
    },
  })
  return { opened, problems, found: found.promise }
}

describe("the adapter's own log", () => {
  it('is off unless the operator says where it goes', () => {
    expect(log(undefined)).toMatchObject({ opened: null, problems: [] })
    expect(log('  ')).toMatchObject({ opened: null, problems: [] })
  })

  it.each(['json', 'relative/path', 'stdout'])('refuses %s with a warning', (target) => {
    const { opened, problems } = log(target)
    expect([opened, problems]).toEqual([null, [expect.stringContaining('AGENT_JOBS_LOG')]])
  })

  it('is one JSON object on each line, with time, level, event and fields, without credentials', () => {
    const stderr = new PassThrough()
    const { opened } = log('stderr', stderr)
    opened?.write('run.ended', { runId: 'r1', code: null, costUsd: 0.5, adopted: false })
    opened?.write('warning', { message: `failed\nwith sk-ant-api03-${'x'.repeat(40)}` })
    expect(String(stderr.read()).split('\n')).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","logger":"agent-jobs","event":"run.ended","runId":"r1","costUsd":0.5,"adopted":false}',
      String.raw`{"time":"1970-01-01T00:00:00.000Z","level":"warn","logger":"agent-jobs","event":"warning","message":"failed\nwith ***"}`,
      '',
    ])
  })

  it('is appended to a file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'adapter-log-')), 'log.jsonl')
    const { promise, resolve } = Promise.withResolvers<void>()
    const { opened } = log(file)
    opened?.write('run.began', { runId: 'r1' })
    // Opened after the first, so its open ends later.
    const other = new Writable({ write: (_chunk, _encoding, done) => done(), final: (done) => done() })
    other.end(resolve)
    await promise
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('"event":"run.began"')
  })

  it('reports a file that cannot be written, and goes on', async () => {
    const { opened, problems, found } = log('/proc/agent-jobs/none/log')
    opened?.write('run.began', {})
    await found
    opened?.write('run.began', {})
    expect(problems).toEqual([expect.stringContaining('/proc/agent-jobs/none/log')])
  })

  it('drops entries instead of filling the memory, and says how many', () => {
    const written: string[] = []
    const pending: (() => void)[] = []
    const slow = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(String(chunk))
        pending.push(done)
      },
    })
    const { opened, problems } = log('stderr', slow)
    for (let entry = 0; entry < 400; entry += 1) opened?.write('warning', { message: 'x'.repeat(4_000) })
    expect(slow.writableLength).toBeLessThan(1_100_000)
    expect(problems).toEqual([expect.stringContaining('dropped')])
    while (pending.length > 0) pending.shift()?.()
  })
})
