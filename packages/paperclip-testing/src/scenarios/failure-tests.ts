import { randomUUID } from 'node:crypto'
import { kinds } from '@agent-jobs/kube-api'
import type { Reply, Scenario } from '@agent-jobs/scripted-model'
import { describe, expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { commanded } from './lab-scenarios.ts'
import type { BoardRun } from '../server/paperclip-board.ts'
import type { PaperclipSuite } from './suite.ts'
import { heal, sick } from '../server/ward.ts'

/** A failure of a working agent, and what its run must report. */
interface Family {
  what: string
  /** What the model answers until the scenario is healed. */
  reply: Reply
  settings?: Record<string, unknown>
  /** What happens to the pod while the agent is working. */
  befall?: (suite: PaperclipSuite, pod: string) => Promise<unknown>
  /** Settings that fix it, where the model is not the cause. */
  cure?: Record<string, unknown>
  code: string
  /** Paperclip's status of the run; default `failed`. */
  status?: string
  /** Part of every CI run; the others only run in the long suite. */
  short?: boolean
}

const refusal = (status: number, type: string, message: string): Reply => ({ kind: 'error', status, type, message })
const hang: Reply = { kind: 'hang' }
const tiny = { 'resources.limits.memory': '72Mi' }

const families: readonly Family[] = [
  { what: 'an overloaded model', reply: refusal(529, 'overloaded_error', 'Overloaded'), code: 'overloaded' },
  {
    what: 'a request that the model refuses',
    reply: refusal(400, 'invalid_request_error', 'messages.0: not like this'),
    code: 'bad_request',
  },
  {
    what: 'a pod that someone deletes',
    reply: hang,
    befall: ({ lab: { place } }, name) =>
      place.client.delete(kinds.Pod, { name, namespace: place.namespace, gracePeriodSeconds: 0 }),
    code: 'k8s_job_deleted_externally',
    short: true,
  },
  {
    what: 'an eviction',
    reply: hang,
    befall: ({ lab: { place } }, name) =>
      place.client.request({
        method: 'POST',
        path: `/api/v1/namespaces/${place.namespace}/pods/${name}/eviction`,
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: place.namespace } },
      }),
    code: 'pod_evicted',
  },
  {
    what: 'too little memory',
    reply: hang,
    settings: tiny,
    cure: { 'resources.limits.memory': '8Gi' },
    code: 'oom_killed',
  },
  {
    what: 'an image that cannot be had',
    reply: hang,
    settings: { image: 'local/missing:1', podStartTimeoutSec: 5 },
    cure: { image: 'local/agent:1', podStartTimeoutSec: 600 },
    code: 'image_pull_failed',
    short: true,
  },
  {
    what: 'a time limit',
    reply: hang,
    settings: { timeoutSec: 8 },
    cure: { timeoutSec: 0 },
    code: 'timeout',
    status: 'timed_out',
  },
  {
    what: 'a setting that cannot be read',
    reply: hang,
    settings: { 'resources.limits.memory': 'plenty' },
    cure: { 'resources.limits.memory': '8Gi' },
    code: 'invalid_config',
  },
  {
    what: 'a cluster with no node for it',
    reply: hang,
    settings: { nodeSelector: 'kind=missing', podScheduleTimeoutSec: 5 },
    cure: { nodeSelector: '{}', podScheduleTimeoutSec: 120 },
    code: 'unschedulable',
  },
  {
    what: 'a service account that is not there',
    reply: hang,
    settings: { serviceAccountName: 'missing' },
    cure: { serviceAccountName: '' },
    code: 'k8s_admission_denied',
  },
]

const scenarioOf = ({ what }: Family) => what.replaceAll(' ', '-')

/** When the quota of the tests' agents is renewed, in seconds since 1970. */
const quotaOpensAt = Math.floor(Date.now() / 1000) + 3600

/** The scenarios of these tests. */
export const failureScenarios: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(families.map((family) => [scenarioOf(family), sick(scenarioOf(family), () => family.reply)])),
  auth: sick('auth', () => refusal(401, 'authentication_error', 'invalid x-api-key')),
  quota: sick('quota', () => ({
    kind: 'error',
    status: 429,
    type: 'rate_limit_error',
    message: "This request would exceed your account's rate limit.",
    headers: {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(quotaOpensAt),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-reset': String(quotaOpensAt),
      'anthropic-ratelimit-unified-5h-utilization': '1',
      'anthropic-ratelimit-unified-overage-status': 'rejected',
    },
  })),
  'many-turns': sick('many-turns', (request) => commanded({ ...request, step: 0 }, 'echo again')),
}

/** After a failure the task can continue, and a repeated failure is not retried indefinitely. */
export function failureTests(suite: PaperclipSuite): void {
  async function expectRestartable(issue: string): Promise<void> {
    const found = await suite.lab.board.issue(issue)
    expect(found).toMatchObject({ activeRecoveryAction: null })
    expect(found.status).not.toBe('blocked')
  }

  async function expectDoneAfterComment(agent: string, issue: string): Promise<BoardRun[]> {
    const { board } = suite.lab
    await board.comment(issue, 'That should be better now. Go on, please.')
    // If Paperclip has scheduled a retry, the comment waits for it.
    const { status, scheduledRetry: retry } = await board.issue(issue)
    if (status !== 'done' && retry) await board.must('POST', `/api/issues/${issue}/scheduled-retry/retry-now`)
    await board.issueIn(issue, 'done')
    return board.runs(agent)
  }

  const scheduledRetry = (issue: string) =>
    eventually(async () => (await suite.lab.board.issue(issue)).scheduledRetry ?? null, 'a scheduled retry', 60_000)

  /** Paperclip retries in half a minute; this skips the wait. */
  async function retryNow(issue: string): Promise<void> {
    const { board } = suite.lab
    await scheduledRetry(issue)
    await board.must('POST', `/api/issues/${issue}/scheduled-retry/retry-now`)
  }

  /** Makes an agent fail at an issue. */
  async function failing(what: string, scenario: string, settings: Record<string, unknown> = {}) {
    const { board } = suite.lab
    const agent = await suite.hire(`Dot of ${what}`, scenario, settings)
    const issue = await board.assign(agent, `Meet ${what}`)
    return { agent, issue }
  }

  /** Stores variables as secrets of the company, as a production server requires for credentials. */
  async function kept(env: unknown): Promise<Record<string, unknown>> {
    const { board } = suite.lab
    const bound = Object.entries((env ?? {}) as Record<string, string>).map(async ([name, value]) => {
      const secret = { name: `${name} ${randomUUID()}`, value }
      const { id } = await board.must<{ id: string }>('POST', `/api/companies/${board.company}/secrets`, secret)
      return [name, { type: 'secret_ref', secretId: id }]
    })
    return Object.fromEntries(await Promise.all(bound)) as Record<string, unknown>
  }

  describe('leaves the task restartable after', () => {
    const chosen = suite.brief
      ? families.filter(({ short }) => short).slice(0, 1)
      : families.filter(({ short }) => short || suite.long)
    it.each(chosen.map((family) => [family.what, family] as const))('%s', async (what, family) => {
      const { board, model, place } = suite.lab
      const scenario = scenarioOf(family)
      const atWork = model.asked(scenario)
      const { agent, issue } = await failing(what, scenario, family.settings)
      if (family.befall) {
        await atWork
        const selector = `paperclip.io/agent-id=${agent}`
        const { items } = await place.client.list(kinds.Pod, { namespace: place.namespace, labelSelector: selector })
        await family.befall(suite, items[0]?.metadata?.name ?? '')
      }
      const run = await board.finished(agent)
      expect(run, await board.log(run.id)).toMatchObject({
        status: family.status ?? 'failed',
        errorCode: family.code,
        resultJson: { conversationContinuation: 'continue_conversation_v1' },
      })
      await expectRestartable(issue)
      heal(scenario)
      if (family.cure) await board.must('PATCH', `/api/agents/${agent}`, { adapterConfig: family.cure })
      await expectDoneAfterComment(agent, issue)
    })

    it('a refused key, which is retried twice and then no more', async () => {
      const { board } = suite.lab
      const { agent, issue } = await failing('a refused key', 'auth')
      const seen: string[] = []
      for (const retry of [1, 2, 3]) {
        const run = await board.finished(agent, seen)
        expect(run, await board.log(run.id)).toMatchObject({ status: 'failed', errorCode: 'auth_failed' })
        seen.push(run.id)
        await expectRestartable(issue)
        if (retry < 3) await retryNow(issue)
      }
      heal('auth')
      expect(await expectDoneAfterComment(agent, issue)).toHaveLength(4)
    })
  })
  if (suite.brief) return
  quotaTest()
  turnsTest()

  function quotaTest(): void {
    const { quota } = suite.agent
    if (quota === undefined) return
    it('leaves the task restartable after a used-up quota, and waits until it is renewed', async () => {
      const { board } = suite.lab
      const { agent, issue } = await failing('a spent quota', 'quota', { ...quota, env: await kept(quota['env']) })
      const run = await board.finished(agent)
      const opensAt = new Date(quotaOpensAt * 1000).toISOString()
      expect(run, await board.log(run.id)).toMatchObject({
        status: 'failed',
        errorCode: 'quota_exhausted',
        resultJson: { errorFamily: 'provider_quota', retryNotBefore: opensAt },
      })
      await expectRestartable(issue)
      const retry = await scheduledRetry(issue)
      expect(retry).toMatchObject({ scheduledRetryAt: expect.stringMatching(opensAt.slice(0, 16)) })
      // A used-up quota is not an error of the agent.
      await eventually(async () => {
        const { status } = await board.must<{ status: string }>('GET', `/api/agents/${agent}`)
        return status === 'idle' ? status : null
      }, 'the agent to be idle')
      heal('quota')
      await expectDoneAfterComment(agent, issue)
    })
  }

  function turnsTest(): void {
    if (!suite.long) return
    it('leaves the task restartable after too many turns, and does not continue indefinitely', async () => {
      const { board } = suite.lab
      const { agent, issue } = await failing('too many turns', 'many-turns', { maxTurnsPerRun: 2 })
      const seen: string[] = []
      for (const retry of [1, 2, 3]) {
        const run = await board.finished(agent, seen)
        expect(run, await board.log(run.id)).toMatchObject({ status: 'failed', errorCode: 'max_turns' })
        seen.push(run.id)
        if (retry < 3) await retryNow(issue)
      }
      await expectRestartable(issue)
      heal('many-turns')
      await board.must('PATCH', `/api/agents/${agent}`, { adapterConfig: { maxTurnsPerRun: 0 } })
      expect(await expectDoneAfterComment(agent, issue)).toHaveLength(4)
    })
  }
}
