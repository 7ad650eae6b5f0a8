import { kinds } from '@agent-jobs/kube-api'
import type { Scenario } from '@agent-jobs/scripted-model'
import { expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { heal, sick } from '../server/ward.ts'
import { workAndHang } from './lab-scenarios.ts'
import type { PaperclipSuite } from './suite.ts'

/** The scenarios of these tests. */
export const preemptionScenarios: Readonly<Record<string, Scenario>> = { preemption: sick('preemption', workAndHang) }

/** A queue takes the quota of a working run back. */
export function preemptionTests(suite: PaperclipSuite): void {
  it('continues the session of a run that its queue preempted, in one new pod', async () => {
    const { board, place } = suite.lab
    const { client, namespace } = place
    const agent = await suite.hire('Paz', 'preemption')
    const issue = await board.assign(agent, 'Go on after a preemption')
    const working = await eventually(async () => {
      const [run] = await board.runs(agent)
      return run !== undefined && (await board.logSoFar(run.id)).includes('at work') ? run : null
    }, 'the agent to work')
    const labelSelector = `paperclip.io/agent-id=${agent}`
    const [pod] = (await client.list(kinds.Pod, { namespace, labelSelector })).items
    const job = pod?.metadata?.labels?.['batch.kubernetes.io/job-name'] ?? ''
    // All that Kueue does to a Job when it preempts it (docs/kubernetes-facts.md#kueue).
    await client.patch(kinds.Job, { name: job, namespace, type: 'merge', body: { spec: { suspend: true } } })

    const first = await board.finished(agent)
    expect(first, await board.log(first.id)).toMatchObject({
      id: working.id,
      status: 'failed',
      errorCode: 'pod_preempted',
      sessionIdAfter: expect.any(String),
    })
    const retry = async () => (await board.issue(issue)).scheduledRetry ?? null
    await eventually(retry, 'a scheduled retry', 60_000)
    heal('preemption')
    await board.must('POST', `/api/issues/${issue}/scheduled-retry/retry-now`)

    const second = await board.finished(agent, [first.id])
    expect(second, await board.log(second.id)).toMatchObject({
      status: 'succeeded',
      sessionIdBefore: first.sessionIdAfter,
      sessionIdAfter: first.sessionIdAfter,
    })
    const podOf = (run: typeof first) => (run.resultJson?.['agentJob'] as { pod?: string } | undefined)?.pod
    expect(podOf(second)).not.toBe(podOf(first))
    expect(podOf(first)).toBe(pod?.metadata?.name)
    expect(await board.issueIn(issue, 'done')).toMatchObject({ activeRecoveryAction: null })
  })
}
