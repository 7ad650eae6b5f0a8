import { randomUUID } from 'node:crypto'
import { paperclipContext, realPaperclipPlace, type PaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import type { MessageReply, ReplyBlock, Scenario } from '@agent-jobs/scripted-model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

// 90,000 proves it with the default limits, by hand: docs/agent-clis.md#silent-model-calls.
const silentMs = Number(process.env['AGENT_JOBS_SILENT_MS'] ?? 12_000)
const hangAfterResultSec = silentMs >= 90_000 ? 30 : 3

const bash = (command: string, more: object = {}): ReplyBlock => ({
  type: 'tool',
  name: 'Bash',
  input: { command, description: 'Work', ...more },
})
const say = (text: string): MessageReply => ({ kind: 'message', blocks: [{ type: 'text', text }] })
const silently = (text: string): MessageReply => ({ ...say(text), startDelayMs: silentMs })
const inTurn =
  (...replies: readonly MessageReply[]): Scenario =>
  (request, { earlier }) =>
    request.side ? say('A title') : (replies[earlier] ?? replies.at(-1) ?? say(''))

const scenarios = {
  // The run goes on after its answer, because a task in the background ends.
  'after-task': inTurn(
    { kind: 'message', blocks: [bash('sleep 2', { run_in_background: true })] },
    say('Started.'),
    silently('All tests pass.'),
  ),
  // The process dies with a task in the background; the next run resumes the session.
  'dead-task': inTurn(
    { kind: 'message', blocks: [bash('sleep 600', { run_in_background: true })] },
    { kind: 'message', blocks: [bash('kill -9 $PPID')] },
    silently('Here again.'),
  ),
}
const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

describe.skipIf(!process.env['KUBECONFIG'])(
  'Claude Code while its model is silent, on a real cluster (needs KUBECONFIG)',
  { timeout: 180_000 + 2 * silentMs },
  () => {
    let place: PaperclipPlace
    beforeAll(async () => {
      place = await realPaperclipPlace(claudeAgent, 'silence-e2e', scenarios)
    })
    afterAll(() => place.close())

    async function run(scenario: string, ids: { agentId: string; taskId: string }, session: unknown = null) {
      const { ctx, told } = paperclipContext({
        ...ids,
        runId: randomUUID(),
        config: place.config(scenario, { hangAfterResultSec }),
        runtime: { sessionParams: session as Record<string, unknown> | null },
      })
      return { result: await place.adapter().execute(ctx), told }
    }
    const newIds = () => ({ agentId: randomUUID(), taskId: randomUUID() })

    it.concurrent('is left alone in the turn that a background task causes', async () => {
      const { result, told } = await run('after-task', newIds())
      expect(result, logOf(told)).toMatchObject({ exitCode: 0, summary: 'All tests pass.' })
      expect(result.errorCode).toBeUndefined()
    })

    it.concurrent('is left alone when it resumes a session that died with a background task', async () => {
      const ids = newIds()
      const dead = await run('dead-task', ids)
      expect(dead.result, logOf(dead.told)).toMatchObject({ errorCode: 'claude_truncated' })
      const { result, told } = await run('dead-task', ids, dead.result.sessionParams)
      // Whether Claude Code reports the dead task first depends on the moment in which its pod went; the run goes on either way.
      expect(result, logOf(told)).toMatchObject({ exitCode: 0, summary: 'Here again.' })
      expect(result.sessionId).toBe(dead.result.sessionId)
    })
  },
)
