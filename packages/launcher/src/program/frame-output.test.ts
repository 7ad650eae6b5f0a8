import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EndRecord } from '@agent-jobs/frames'
import { describe, expect, it } from 'vitest'
import { decodeFrames, recordsOf } from '../../test/decode-frames.ts'
import { openFrameOutput } from './frame-output.ts'
import type { FrameOutput } from './frame-output.ts'

const end: EndRecord = {
  type: 'end',
  frames: 0,
  exitCode: 0,
  signal: null,
  durationMs: 1,
  stoppedBy: null,
  stdoutBytes: 0,
  stderrBytes: 0,
}

async function written(use: (out: FrameOutput) => Promise<void> | void): Promise<Buffer> {
  const path = join(mkdtempSync(join(tmpdir(), 'launcher-output-')), 'stdout')
  const fd = openSync(path, 'w')
  const out = openFrameOutput(fd)
  await use(out)
  await out.settled()
  closeSync(fd)
  return readFileSync(path)
}

describe('the writer of frames', () => {
  it('numbers lines and records in one sequence', async () => {
    const raw = await written((out) => {
      out.line('o', Buffer.from('a'), '.')
      out.notice('finished', 'done')
      out.line('e', Buffer.from('b'), '$')
      expect(out.count).toBe(3)
    })
    const { frames } = decodeFrames(raw)
    expect(frames.map(({ seq, stream }) => `${seq}${stream}`)).toEqual(['0o', '1l', '2e'])
  })

  it('cuts a message that does not fit into a frame', async () => {
    const raw = await written((out) => out.notice('finished', '"'.repeat(9000)))
    expect(recordsOf(decodeFrames(raw).frames)).toEqual([
      { type: 'notice', code: 'finished', message: '"'.repeat(2000) },
    ])
  })

  it('writes nothing after the end record; problems of the journal after it are returned by close', async () => {
    const raw = await written(async (out) => {
      out.journal({ path: '/proc/never/journal' })
      out.record(end)
      expect(await out.close()).toEqual({ text: expect.stringContaining('cannot be written'), isStuck: false })
    })
    expect(recordsOf(decodeFrames(raw).frames)).toEqual([end])
  })

  it('reports once that stdout is lost, and continues', async () => {
    const out = openFrameOutput(-1)
    expect(() => out.line('o', Buffer.from('a'), '.')).not.toThrow()
    await out.settled()
    out.line('o', Buffer.from('b'), '.')
    await out.settled()
    expect(out.count).toBe(3)
  })

  it('lets reading continue while little is queued', async () => {
    await written(async (out) => {
      await out.ready()
      for (let n = 0; n < 100; n += 1) out.line('o', Buffer.alloc(8000), '.')
      await out.ready()
      expect(out.count).toBe(100)
    })
  })
})
