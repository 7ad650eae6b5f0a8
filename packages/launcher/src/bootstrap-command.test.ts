import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { decodeFrames, endOf, recordsOf } from '../test/decode-frames.ts'
import { bootstrapCommand } from './bootstrap-command.ts'
import { packEnv } from './pack-env.ts'

describe('the command of a container', () => {
  it('needs nothing but node, unless the image is declared to have a shell', () => {
    expect(bootstrapCommand()).toEqual(['node', '-e', 'eval(process.env.AGENT_JOBS_LAUNCHER)'])
    expect(bootstrapCommand({ shell: true })).toEqual(['/bin/sh', '-c', expect.any(String), 'node'])
  })

  it('reports in the launcher’s format that an image with a shell has no node', () => {
    const [shell = '', ...args] = bootstrapCommand({ shell: true })
    const { stdout, status } = spawnSync(shell, args, {
      env: { PATH: '/nowhere', ...packEnv({ version: 1, argv: ['true'] }) },
    })
    const { frames, diagnostics } = decodeFrames(stdout)
    expect(recordsOf(frames)[0]).toMatchObject({ type: 'start', pid: null })
    expect(endOf(frames)).toMatchObject({ frames: 1, exitCode: null, startError: { code: 'node_missing' } })
    expect(diagnostics).toEqual([])
    expect(status).toBe(127)
  })
})
