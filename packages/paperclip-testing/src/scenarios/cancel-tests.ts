import type { Scenario } from '@agent-jobs/scripted-model'
import { describe, expect, it } from 'vitest'
import { workAndHang } from './lab-scenarios.ts'
import type { PaperclipSuite } from './suite.ts'
import { heal, sick } from '../server/ward.ts'

type Ids = Readonly<Record<'run' | 'issue' | 'agent', string>>
type Call = [method: string, path: string, body: Record<string, unknown>]

interface Order {
  what: string
  scenario: string
  call: (ids: Ids) => Call
  /** What makes the agent continue. */
  goOn: (ids: Ids) => Call[]
}

const comment = ({ issue }: Ids, body: Record<string, unknown>): Call => [
  'POST',
  `/api/issues/${issue}/comments`,
  { body: 'Go on, please.', ...body },
]

const orders: readonly Order[] = [
  {
    what: 'by its run',
    scenario: 'cancel-run',
    call: ({ run }) => ['POST', `/api/heartbeat-runs/${run}/cancel`, {}],
    goOn: (ids) => [comment(ids, {})],
  },
  {
    what: 'by an interrupting comment, and continues with it',
    scenario: 'interrupt',
    call: (ids) => comment(ids, { body: 'Stop, look at this.', interrupt: true }),
    goOn: () => [],
  },
  {
    what: 'with its issue',
    scenario: 'cancel-issue',
    call: ({ issue }) => ['PATCH', `/api/issues/${issue}`, { status: 'cancelled' }],
    goOn: (ids) => [comment(ids, { reopen: true })],
  },
  {
    what: 'with the pause of its agent',
    scenario: 'pause-agent',
    call: ({ agent }) => ['POST', `/api/agents/${agent}/pause`, {}],
    goOn: (ids) => [['POST', `/api/agents/${ids.agent}/resume`, {}], comment(ids, {})],
  },
]

/** The scenarios of these tests. */
export const cancelScenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(
  orders.map(({ scenario }) => [scenario, sick(scenario, workAndHang)]),
)

/** Stopping an agent is answered at once and loses nothing. */
export function cancelTests(suite: PaperclipSuite): void {
  describe('is cancelled in seconds, with grace and evidence, and the task continues in its session:', () => {
    const chosen = suite.brief ? orders.slice(0, 1) : orders
    it.each(chosen.map((order) => [order.what, order] as const))('%s', async (what, { scenario, call, goOn }) => {
      const { board, model } = suite.lab
      const agent = await suite.hire(`Cid ${what}`, scenario)
      const begun = model.asked(scenario)
      const issue = await board.assign(agent, 'Hang on')
      await begun
      // The first answer was work; the model does not answer this request.
      await model.asked(scenario)
      const [running] = await board.runs(agent)
      const ids = { run: running?.id ?? '', issue, agent }
      heal(scenario)
      const askedAt = Date.now()
      await board.must(...call(ids))
      const tookMs = Date.now() - askedAt
      console.log(`cancelled ${what}: answered after ${tookMs} ms`)
      expect(tookMs).toBeLessThan(5000)

      const run = await board.run(ids.run)
      const log = await board.log(ids.run)
      expect(run, log).toMatchObject({
        status: 'cancelled',
        sessionIdAfter: expect.any(String),
        // The agent was asked to stop, and did.
        resultJson: {
          agentExitCode: suite.agent.stoppedExitCode ?? 143,
          agentJob: { outcome: 'cancelled', outputComplete: true },
        },
      })
      expect(run.usageJson?.['outputTokens'], log).toBeGreaterThan(0)
      const evidence = run.resultJson?.['executionCancellation'] as { acknowledgedAt: string } | undefined
      expect(Date.parse(evidence?.acknowledgedAt ?? '') - askedAt).toBeLessThan(5000)

      for (const step of goOn(ids)) await board.must(...step)
      const next = await board.finished(agent, [ids.run])
      expect(next, await board.log(next.id)).toMatchObject({
        status: 'succeeded',
        sessionIdBefore: run.sessionIdAfter,
        sessionIdAfter: run.sessionIdAfter,
      })
      expect(await board.issueIn(issue, 'done')).toMatchObject({ activeRecoveryAction: null })
    })
  })
}
