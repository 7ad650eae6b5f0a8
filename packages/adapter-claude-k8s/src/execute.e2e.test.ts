import { randomUUID } from 'node:crypto'
import { paperclipContext, realPaperclipPlace, type PaperclipPlace } from '@agent-jobs/adapter-kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from './testing/claude-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('what is particular to Claude Code on a real cluster (needs KUBECONFIG)', () => {
  let place: PaperclipPlace
  beforeAll(async () => {
    place = await realPaperclipPlace(claudeAgent, 'adapter-e2e')
  })
  afterAll(() => place.close())

  it('stops at the limit of turns', async () => {
    const config = place.config('loop', { maxTurnsPerRun: '2' })
    const { ctx, told } = paperclipContext({ runId: randomUUID(), config })
    expect(await place.adapter().execute(ctx), told.log.map(({ chunk }) => chunk).join('')).toMatchObject({
      errorCode: 'max_turns',
      clearSession: true,
      exitCode: 1,
    })
  })
})
