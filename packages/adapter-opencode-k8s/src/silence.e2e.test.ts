import { randomUUID } from 'node:crypto'
import { paperclipContext, realPaperclipPlace, type PaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import type { MessageReply, Scenario } from '@agent-jobs/scripted-model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opencodeAgent } from '../test/opencode-agent.ts'

// 90,000 proves it with the default limits, by hand: docs/agent-clis.md#silent-model-calls.
const silentMs = Number(process.env['AGENT_JOBS_SILENT_MS'] ?? 12_000)
const hangAfterResultSec = silentMs >= 90_000 ? 30 : 3

const say = (text: string): MessageReply => ({ kind: 'message', blocks: [{ type: 'text', text }] })

/** The first request is too long, so OpenCode compacts the conversation and asks again. */
const compacted: Scenario = (request, { earlier }) => {
  if (request.side) return say('What was done so far.')
  if (earlier > 0) return { ...say('After the compaction.'), startDelayMs: silentMs }
  const message = 'prompt is too long: 250000 tokens > 200000 maximum'
  return { kind: 'error', status: 400, type: 'invalid_request_error', message }
}
const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

describe.skipIf(!process.env['KUBECONFIG'])(
  'OpenCode and a model that is silent or never ends, on a real cluster (needs KUBECONFIG)',
  { timeout: 180_000 + 2 * silentMs },
  () => {
    let place: PaperclipPlace
    beforeAll(async () => {
      place = await realPaperclipPlace(opencodeAgent, 'opencode-silence-e2e', { compacted })
    })
    afterAll(() => place.close())

    async function run(scenario: string) {
      const taskId = `task-${randomUUID()}`
      const { ctx, told } = paperclipContext({
        runId: randomUUID(),
        agentId: randomUUID(),
        adapterType: 'opencode_k8s',
        config: place.config(scenario, { hangAfterResultSec }),
        context: { taskId, issueId: taskId },
        runtime: { sessionParams: null, taskKey: taskId },
      })
      return { result: await place.adapter().execute(ctx), told }
    }

    it.concurrent('is left alone after a compaction', async () => {
      const { result, told } = await run('compacted')
      expect(result, logOf(told)).toMatchObject({ summary: 'After the compaction.' })
      expect(result.errorCode).toBeUndefined()
    })

    it.concurrent('is stopped when the model’s streams end without a reason again and again', async () => {
      const { result, told } = await run('null-stop')
      expect(result, logOf(told)).toMatchObject({
        errorCode: 'upstream_error',
        errorMessage: expect.stringContaining('with a finish reason that OpenCode does not know'),
      })
      expect(logOf(told).match(/"type":"step_finish"/g)?.length).toBeLessThan(10)
    })
  },
)
