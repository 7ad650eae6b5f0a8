import { randomUUID } from 'node:crypto'
import { paperclipContext, realPaperclipPlace, type PaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import type { MessageReply, RawReply, ReplyBlock, Scenario } from '@agent-jobs/scripted-model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

const say = (text: string): ReplyBlock => ({ type: 'text', text })
const message = (...blocks: ReplyBlock[]): MessageReply => ({ kind: 'message', blocks })
const refused =
  (status: number, body: unknown, headers: Record<string, string> = {}): Scenario =>
  (): RawReply => ({
    kind: 'raw',
    status,
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const opensAgain = '2099-03-01T00:00:00.000Z'
const inSeconds = (time: string) => Date.parse(time) / 1000

/** Faults of the account, the model or the network, and what the adapter makes of them. */
const faults: Record<string, { scenario: Scenario; expected: Record<string, unknown> }> = {
  'spend-limit': {
    scenario: refused(400, {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'You have reached your specified API usage limits. You will regain access on 2099-03-01 at 00:00 UTC.',
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
          '/v1/messages: Invalid model name passed in model=claude-x. Call `/v1/models` to view available models for your key.',
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
      name: 'Bash',
      input: { command: 'true', description: 'Check' },
    })
  },
  'weekly-limit': refused(
    429,
    { type: 'error', error: { type: 'rate_limit_error', message: "This request would exceed your account's limit." } },
    {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(inSeconds(opensAgain)),
      'anthropic-ratelimit-unified-representative-claim': 'seven_day',
      'anthropic-ratelimit-unified-overage-status': 'rejected',
      'anthropic-ratelimit-unified-5h-status': 'allowed',
      'anthropic-ratelimit-unified-5h-utilization': '0.1',
      'anthropic-ratelimit-unified-5h-reset': String(inSeconds('2098-01-01T00:00:00Z')),
      'anthropic-ratelimit-unified-7d-status': 'rejected',
      'anthropic-ratelimit-unified-7d-utilization': '1',
      'anthropic-ratelimit-unified-7d-reset': String(inSeconds(opensAgain)),
    },
  ),
  // Claude Code quotes an answer whole only where it has no message.
  'resets-at': refused(429, { error: { type: 'usage_limit_reached', resets_at: inSeconds(opensAgain) } }),
  'resets-in-seconds': refused(429, { error: { type: 'usage_limit_reached', resets_in_seconds: 7200 } }),
}

const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

describe.skipIf(!process.env['KUBECONFIG'])(
  'Claude Code and what its provider answers, on a real cluster (needs KUBECONFIG)',
  { timeout: 180_000 },
  () => {
    let place: PaperclipPlace
    beforeAll(async () => {
      place = await realPaperclipPlace(claudeAgent, 'provider-answers-e2e', scenarios)
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
        ...ids,
        runId: randomUUID(),
        config: place.config(scenario, extra),
        runtime: { sessionParams: session },
      })
      return { result: await place.adapter().execute(ctx), log: logOf(told) }
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
      const { result, log } = await run('two-blocks')
      expect(result, log).toMatchObject({ exitCode: 0, summary: '{"items":[1,2,3]}' })
    })

    it.concurrent('reports the text before a tool call when no text follows it', async () => {
      const { result, log } = await run('text-then-tool')
      expect(result, log).toMatchObject({ exitCode: 0, summary: 'The answer is 42.' })
    })

    it.concurrent('reports when the rejected window of a plan opens again, from the headers', async () => {
      const { env } = place.config('weekly-limit') as { env: Record<string, string> }
      const { result, log } = await run('weekly-limit', {
        extra: {
          env: { ...env, CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-0123456789' },
          inheritedEnvDeny: 'ANTHROPIC_API_KEY',
        },
      })
      expect(result, log).toMatchObject({ errorCode: 'quota_exhausted', retryNotBefore: opensAgain })
    })

    it.concurrent('reports the time that a gateway states in its answer', async () => {
      const { result, log } = await run('resets-at')
      expect(result, log).toMatchObject({ errorCode: 'quota_exhausted', retryNotBefore: opensAgain })
    })

    it.concurrent('reports the time from the seconds that a gateway states in its answer', async () => {
      const startedAt = Date.now()
      const { result, log } = await run('resets-in-seconds')
      expect(result, log).toMatchObject({ errorCode: 'quota_exhausted' })
      const opensAt = Date.parse(result.retryNotBefore ?? '')
      expect(opensAt).toBeGreaterThanOrEqual(startedAt + 7_200_000)
      expect(opensAt).toBeLessThanOrEqual(Date.now() + 7_200_000)
    })
  },
)
