import { setTimeout as delay } from 'node:timers/promises'
import type { Scenario } from '@agent-jobs/scripted-model'
import { expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { commanded, workProgram } from './lab-scenarios.ts'
import type { PaperclipSuite } from './suite.ts'

/** The scenarios of these tests. */
export const queueScenarios: Readonly<Record<string, Scenario>> = {
  queue: (request) =>
    commanded(request, `node ${workProgram}${request.prompt.includes('marker-busy') ? ' queue-gate' : ''}`),
}

/** Several issues for one agent. */
export function queueTests(suite: PaperclipSuite): void {
  // AGENT_JOBS_PAPERCLIP_LONG=1: the first run is busy for two minutes.
  const busyMs = suite.long ? 120_000 : 10_000

  const logsOf = async (agent: string): Promise<string[]> => {
    const { board } = suite.lab
    return Promise.all((await board.runs(agent)).map(({ id }) => board.logSoFar(id)))
  }

  it('completes five issues assigned to one agent at once, one after the other, and shows what each waits for', async () => {
    const { board } = suite.lab
    const agent = await suite.hire('Quinn', 'queue')
    const first = await board.assign(agent, 'The first one', 'Please, marker-busy.')
    const isSeen = (text: string) => async () => {
      const logs = await logsOf(agent)
      return logs.some((log) => log.includes(text)) ? logs : null
    }
    await eventually(isSeen('Created K8s Job'), 'the first run to start')
    const others = await Promise.all([2, 3, 4, 5].map((number) => board.assign(agent, `Number ${number}`)))
    await eventually(isSeen('position 4 in the queue'), 'the last run to wait')
    await delay(busyMs)
    suite.lab.openGate('queue-gate')
    for (const issue of [first, ...others]) await board.issueIn(issue, 'done', 300_000)
    const runs = await board.runs(agent)
    expect(runs.filter(({ status }) => status === 'failed')).toEqual([])
    const log = (await logsOf(agent)).join('\n')
    expect(log).toMatch(/Waiting for concurrent Job\(s\) to finish before starting: \S+ \(run \S+\); position/)
  })
}
