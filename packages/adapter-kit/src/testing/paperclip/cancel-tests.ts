import { describe, expect, it } from 'vitest'
import type { PaperclipSuite } from './paperclip-conformance.ts'

type Ids = Readonly<Record<'run' | 'issue' | 'agent', string>>
type Order = (ids: Ids) => [method: string, path: string, body: unknown]

const orders: [how: string, order: Order, status: string][] = [
  ['by its run', ({ run }) => ['POST', `/api/heartbeat-runs/${run}/cancel`, {}], 'in_progress'],
  [
    'by an interrupting comment',
    ({ issue }) => ['POST', `/api/issues/${issue}/comments`, { body: 'Stop, look at this.', interrupt: true }],
    'in_progress',
  ],
  ['with its issue', ({ issue }) => ['PATCH', `/api/issues/${issue}`, { status: 'cancelled' }], 'cancelled'],
  ['with the pause of its agent', ({ agent }) => ['POST', `/api/agents/${agent}/pause`, {}], 'in_progress'],
]

/** Whoever stops an agent is answered at once, and nothing is lost by it. */
export function cancelTests(suite: PaperclipSuite): void {
  describe('is cancelled in seconds, with grace and evidence,', () => {
    it.each(suite.brief ? orders.slice(0, 1) : orders)('%s', async (how, order, status) => {
      const { board, model } = suite.lab
      const agent = await suite.hire(`Cid ${how}`, 'work-and-hang')
      const begun = model.asked('work-and-hang')
      const issue = await board.assign(agent, 'Hang on')
      await begun
      await model.asked('work-and-hang')
      const [running] = await board.runs(agent)
      const run = running?.id ?? ''
      const askedAt = Date.now()
      await board.must(...order({ run, issue, agent }))
      expect(Date.now() - askedAt).toBeLessThan(5000)

      const row = await board.finished(agent)
      const log = await board.log(run)
      expect(row, log).toMatchObject({
        id: run,
        status: 'cancelled',
        sessionIdAfter: expect.any(String),
        // The agent was asked to stop, and did.
        resultJson: { agentExitCode: 143, agentJob: { outcome: 'cancelled', outputComplete: true } },
      })
      expect(row.usageJson?.['outputTokens'], log).toBeGreaterThan(0)
      const after = await board.issue(issue)
      expect(after).toMatchObject({ activeRecoveryAction: null })
      expect(after.status).toBe(status)
      await board.must('POST', `/api/agents/${agent}/pause`, {})
    })
  })
}
