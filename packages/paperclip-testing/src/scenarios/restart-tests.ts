import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '@agent-jobs/scripted-model'
import { describe, expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { closeAtGate } from './lab-scenarios.ts'
import type { Board } from '../server/paperclip-board.ts'
import type { PaperclipSuite } from './suite.ts'
import { away } from '../server/paperclip-lab.ts'

interface Restart {
  what: string
  how: 'SIGKILL' | 'SIGTERM'
  awayMs: number
  /** What an ingress answers while the server is away; without one, connections are refused. */
  ingress?: 503
  /** Part of every CI run; the others only run in the long suite. */
  short: boolean
}

// Paperclip's lease on a run lasts 60 s: a server that is back sooner finds the lost run alive, later it is reaped.
const restarts: readonly Restart[] = [
  { what: 'kill -9 and 10 s', how: 'SIGKILL', awayMs: 10_000, short: true },
  { what: 'an orderly stop and 10 s behind an ingress', how: 'SIGTERM', awayMs: 10_000, ingress: 503, short: true },
  { what: 'kill -9 and 65 s', how: 'SIGKILL', awayMs: 65_000, short: false },
  { what: 'an orderly stop and 65 s', how: 'SIGTERM', awayMs: 65_000, short: false },
]

const gateOf = ({ how, awayMs }: Restart) => `gate-${how.toLowerCase()}-${awayMs}`

/** The scenarios of these tests. */
export const restartScenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(
  restarts.map((restart) => [gateOf(restart), closeAtGate(gateOf(restart))]),
)

/** A server that dies and restarts finds its agents working, and everything happens once. */
export function restartTests(suite: PaperclipSuite): void {
  describe('reattaches to its Jobs after', () => {
    const chosen = restarts.filter(({ short }) => short || suite.long)
    it.each(chosen.map((restart) => [restart.what, restart] as const))('%s', async (what, restart) => {
      const { lab } = suite
      const { board, model } = lab
      const gate = gateOf(restart)
      const agent = await suite.hire(`Eve of ${what}`, gate)
      const issue = await board.assign(agent, `Survive ${what}`)
      const lost = await runAtWork(suite, { board, agent, issue })
      expect((await board.run(lost)).execution).toMatchObject({ phase: 'working' })
      // The agent calls the server while it is down.
      const outage = async () => {
        lab.openGate(gate)
        await away(restart.awayMs)()
      }
      await lab.restart(restart.how, outage, restart.ingress)

      await expectTakenBack(suite, { board, agent, issue, lost })
      expect(model.requests.filter(({ scenario }) => scenario === gate).length).toBeLessThanOrEqual(4)
    })
  })
}

/** One agent's task. */
interface Task {
  board: Board
  agent: string
  issue: string
}

const notesOf = ({ lab: { place } }: PaperclipSuite, { issue }: Task) => join(place.folder, 'work', `${issue}.txt`)

/** Waits until the agent has started its work, and returns the run. */
export async function runAtWork(suite: PaperclipSuite, task: Task): Promise<string> {
  await eventually(async () => readIfThere(notesOf(suite, task)), 'the agent at work')
  return (await task.board.runs(task.agent))[0]?.id ?? ''
}

/** A later run has adopted a lost run's Job: all output is there, the issue is done once, and nothing ran twice. */
export async function expectTakenBack(suite: PaperclipSuite, task: Task & { lost: string }): Promise<void> {
  const { board, agent, issue, lost } = task
  const run = await board.finished(agent, [lost])
  const log = await board.log(run.id)
  expect(run, log).toMatchObject({
    status: 'succeeded',
    resultJson: { agentJob: { adoptedFromRun: lost, outputComplete: true } },
  })
  expect(log).toContain('Reattached to K8s Job')
  expect(log.split('WORK {')).toHaveLength(2)
  expect(log).toMatch(/token\\*":false,\\*"seen\\*":200,\\*"told\\*":200/)
  await board.issueIn(issue, 'done')
  // The agent's own, and not the adopting run's summary as well.
  const comments = await board.must<{ authorAgentId: string | null; body: string }[]>(
    'GET',
    `/api/issues/${issue}/comments`,
  )
  expect(comments.filter(({ authorAgentId }) => authorAgentId === agent).map(({ body }) => body)).toEqual([
    'Done from the pod.',
  ])
  expect(readFileSync(notesOf(suite, task), 'utf8')).toBe(`${lost}\n`)
  const closed = suite.lab.door.calls.filter(
    ({ method, path }) => method === 'PATCH' && path === `/api/issues/${issue}`,
  )
  expect(closed.filter(({ status }) => status === 200)).toHaveLength(1)
  expect((await board.runs(agent)).map(({ id }) => id).toSorted()).toEqual([lost, run.id].toSorted())
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
