import { randomUUID } from 'node:crypto'
import { paperclipContext, realPaperclipPlace, type PaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import type { MessageReply, RawReply, ReplyBlock, Scenario } from '@agent-jobs/scripted-model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opencodeAgent } from '../test/opencode-agent.ts'

const say = (text: string): ReplyBlock => ({ type: 'text', text })
const message = (...blocks: ReplyBlock[]): MessageReply => ({ kind: 'message', blocks })
const refused =
  (status: number, body: unknown, headers: Record<string, string> = {}): Scenario =>
  (): RawReply => ({
    kind: 'raw',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const opensAgain = '2099-03-01T00:00:00.000Z'
const usedUp = { error: { type: 'usage_limit_reached', message: 'The usage limit has been reached' } }
const inSeconds = (time: string) => Date.parse(time) / 1000

/** Faults of the account, the model or the network, and what the adapter makes of them. */
const faults: Record<string, { scenario: Scenario; expected: Record<string, unknown> }> = {
  'spend-limit': {
    scenario: refused(400, {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'You have reached your specified API usage limits.',
        resets_at: inSeconds(opensAgain),
      },
    }),
    expected: { errorCode: 'quota_exhausted', retryNotBefore: opensAgain },
  },
  'proxy-login': {
    scenario: refused(407, 'Proxy Authentication Required', { 'content-type': 'text/plain' }),
    expected: { errorCode: 'auth_failed' },
  },
  'wrong-region': {
    scenario: refused(451, 'Unavailable For Legal Reasons', { 'content-type': 'text/plain' }),
    expected: { errorCode: 'model_unavailable' },
  },
  'wrong-model': {
    scenario: refused(400, {
      error: {
        message:
          '/chat/completions: Invalid model name passed in model=claude-x. Call `/v1/models` to view available models for your key.',
        type: 'invalid_request_error',
        param: 'model',
        code: '400',
      },
    }),
    expected: { errorCode: 'model_unavailable' },
  },
}

const scenarios: Record<string, Scenario> = {
  ...Object.fromEntries(Object.entries(faults).map(([name, { scenario }]) => [name, scenario])),
  'two-blocks': ({ side }) => (side ? message(say('A title')) : message(say('{"items":[1,2,'), say('3]}'))),
  'text-then-tool': ({ side, step }) => {
    if (side) return message(say('A title'))
    if (step > 0) return message({ type: 'thinking', text: 'Nothing is left to say.' })
    return message(say('The answer is '), say('42.'), {
      type: 'tool',
      name: 'bash',
      input: { command: 'true', description: 'Check' },
    })
  },
  // Relays answer 403. After a 429, OpenCode would wait until the time in the headers and ask again.
  'retry-after': refused(403, usedUp, { 'Retry-After': '7200' }),
  'http-date': (request, context) => {
    const date = new Date(Date.now() + 7_200_000).toUTCString()
    return refused(403, usedUp, { 'RETRY-AFTER': date })(request, context)
  },
  'resets-in-seconds': refused(403, { error: { ...usedUp.error, resets_in_seconds: 7200 } }),
}

const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

describe.skipIf(!process.env['KUBECONFIG'])(
  'OpenCode and what its provider answers, on a real cluster (needs KUBECONFIG)',
  { timeout: 180_000 },
  () => {
    let place: PaperclipPlace
    beforeAll(async () => {
      place = await realPaperclipPlace(opencodeAgent, 'opencode-answers-e2e', scenarios)
    })
    afterAll(() => place.close())

    async function run(
      scenario: string,
      {
        extra = {},
        session = null,
        ids = { agentId: randomUUID(), taskId: randomUUID() },
      }: Partial<{
        extra: Record<string, unknown>
        session: Record<string, unknown> | null
        ids: { agentId: string; taskId: string }
      }> = {},
    ) {
      const { ctx, told } = paperclipContext({
        runId: randomUUID(),
        agentId: ids.agentId,
        adapterType: 'opencode_k8s',
        config: place.config(scenario, extra),
        context: { taskId: ids.taskId, issueId: ids.taskId },
        runtime: { sessionParams: session, taskKey: ids.taskId },
      })
      return { result: await place.adapter().execute(ctx), log: logOf(told) }
    }

    /** A provider of Anthropic's API, whose messages have blocks. */
    function speaksMessages(scenario: string): Record<string, unknown> {
      const { lab } = JSON.parse(String(place.config(scenario)['providerOptions'])) as { lab: object }
      return { providerOptions: { lab: { ...lab, npm: '@ai-sdk/anthropic' } } }
    }

    it.concurrent('keeps the conversation through faults of the account, the model and the network', async () => {
      const ids = { agentId: randomUUID(), taskId: randomUUID() }
      const first = await run('text', { ids })
      expect(first.result, first.log).toMatchObject({ exitCode: 0 })
      const { sessionId } = first.result
      let session = first.result.sessionParams ?? null
      for (const [scenario, { expected }] of Object.entries(faults)) {
        const { result, log } = await run(scenario, { ids, session })
        expect(result, `${scenario}: ${log}`).toMatchObject({ ...expected, sessionId })
        expect(result.clearSession, scenario).not.toBe(true)
        session = result.sessionParams ?? null
      }
      const last = await run('text', { ids, session })
      expect(last.result, last.log).toMatchObject({ exitCode: 0, sessionId })
      expect(last.result.summary).toMatch(/turn [2-9]/)
    })

    it.concurrent('reports the whole text of a message that has two text blocks', async () => {
      const { result, log } = await run('two-blocks', { extra: speaksMessages('two-blocks') })
      expect(result, log).toMatchObject({ exitCode: 0, summary: '{"items":[1,2,\n\n3]}' })
    })

    it.concurrent('reports the text before a tool call when no text follows it', async () => {
      const { result, log } = await run('text-then-tool')
      expect(result, log).toMatchObject({ exitCode: 0, summary: 'The answer is 42.' })
    })

    it.concurrent.each([
      ['seconds in the headers', 'retry-after'],
      ['date in the headers', 'http-date'],
      ['seconds in the body', 'resets-in-seconds'],
    ])('reports when a plan opens again, from the %s of the answer', async (_place, scenario) => {
      const startedAt = Date.now()
      const { result, log } = await run(scenario)
      expect(result, log).toMatchObject({ errorCode: 'quota_exhausted' })
      const opensAt = Date.parse(result.retryNotBefore ?? '')
      // An HTTP date has whole seconds.
      expect(opensAt).toBeGreaterThanOrEqual(startedAt + 7_198_000)
      expect(opensAt).toBeLessThanOrEqual(Date.now() + 7_200_000)
    })
  },
)
