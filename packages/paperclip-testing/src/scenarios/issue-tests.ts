import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { uiParserOf } from '../ui-parser-of.ts'
import type { PaperclipSuite } from './suite.ts'

/** An issue is completed: from the assignment to result, usage, cost and session, and again in the same session. */
export function issueTests(suite: PaperclipSuite): void {
  const { type } = suite.agent.definition

  it('completes an issue with an agent that never holds a token, and continues its session in a new pod', async () => {
    const { board, door, server, kubeconfig } = suite.lab
    const agent = await suite.hire('Ada', 'close-issue', kubeconfig === null ? {} : { kubeconfig })
    const hired = await board.must<{ adapterConfig: Record<string, unknown> }>('GET', `/api/agents/${agent}`)
    expect((hired.adapterConfig['kubeconfig'] as { type?: string } | undefined)?.type).toBe(
      kubeconfig === null ? undefined : 'secret_ref',
    )

    const issue = await board.assign(agent, 'Close me')
    const first = await board.finished(agent)
    const log = await board.log(first.id)
    expect(first, log).toMatchObject({
      status: 'succeeded',
      errorCode: null,
      sessionIdAfter: expect.any(String),
      resultJson: { agentJob: { outcome: 'succeeded', outputComplete: true } },
      usageJson: { provider: suite.agent.billing['provider'], outputTokens: expect.any(Number) },
    })
    expect(await board.issue(issue), log).toMatchObject({ status: 'done' })

    // The agent has the launcher's address and password; the launcher has the token.
    expect(log).toMatch(/WORK \{"url":"http:\/\/127\.0\.0\.1:\d+","token":false,"seen":200,"told":200/)
    const closing = door.calls.filter(({ method, path }) => method === 'PATCH' && path === `/api/issues/${issue}`)
    expect(closing).toMatchObject([{ status: 200, authorization: expect.stringMatching(/^Bearer ey/) }])

    const source = await server.call('GET', `/api/adapters/${type}/ui-parser.js`)
    const parse = uiParserOf(String(source.json))
    const kinds = new Set(log.split('\n').flatMap((line) => parse(line, 't').map(({ kind }) => kind)))
    expect([...kinds]).toEqual(expect.arrayContaining(['tool_call', 'tool_result', 'assistant']))
    const events = await board.must<{ payload: { commandNotes?: string[] } | null }[]>(
      'GET',
      `/api/heartbeat-runs/${first.id}/events`,
    )
    expect(events.flatMap(({ payload }) => payload?.commandNotes ?? []).join('\n')).toMatch(/Skills \([1-9]/)

    await board.comment(issue, 'Once more, please.', { reopen: true })
    const second = await board.finished(agent, [first.id])
    expect(second, await board.log(second.id)).toMatchObject({
      status: 'succeeded',
      sessionIdBefore: first.sessionIdAfter,
      sessionIdAfter: first.sessionIdAfter,
    })
    const pods = [first, second].map(({ resultJson }) => (resultJson?.['agentJob'] as { pod: string } | undefined)?.pod)
    expect(new Set(pods).size).toBe(2)
    expect(await board.issueIn(issue, 'done')).toMatchObject({ activeRecoveryAction: null })
    expect(await board.must('GET', `/api/agents/${agent}/task-sessions`)).toMatchObject([
      { sessionDisplayId: first.sessionIdAfter, adapterType: type },
    ])
  })
  if (suite.brief) return
  it('starts a new session and completes the issue when the session is no longer on the volume', async () => {
    const { board, place } = suite.lab
    const agent = await suite.hire('Amy', 'close-issue')
    const issue = await board.assign(agent, 'Remember me')
    const first = await board.finished(agent)
    await board.issueIn(issue, 'done')
    const instances = join(place.folder, 'instances')
    for (const instance of readdirSync(instances)) {
      rmSync(join(instances, instance, 'data', 'agent-jobs', board.company, agent), { recursive: true, force: true })
    }
    await board.comment(issue, 'Once more, please.', { reopen: true })
    const second = await board.finished(agent, [first.id])
    expect(second, await board.log(second.id)).toMatchObject({
      status: 'succeeded',
      sessionIdBefore: first.sessionIdAfter,
      sessionIdAfter: expect.any(String),
    })
    expect(second.sessionIdAfter).not.toBe(first.sessionIdAfter)
    expect(await board.issueIn(issue, 'done')).toMatchObject({ activeRecoveryAction: null })
  })
}
