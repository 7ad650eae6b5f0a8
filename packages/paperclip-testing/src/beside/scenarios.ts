import type { Scenario } from '@agent-jobs/scripted-model'
import { eventually } from '../eventually.ts'
import { commandBlock, commanded, closeIssue, workAndHang, workProgram } from '../scenarios/lab-scenarios.ts'
import type { Board, BoardRun } from '../server/paperclip-board.ts'

/** One adapter in one scenario: its agents, and the people who use them. */
export interface Stage {
  board: Board
  /** Hires an agent of this adapter that runs the scenario's model. */
  hire(name: string, settings?: Record<string, unknown>): Promise<string>
}

/** A story that both adapters play in the same server. */
export interface BesideScenario {
  name: string
  /** What the model answers. */
  model: Scenario
  /** Plays it, and returns agent and issue, whose state is then compared. */
  play(stage: Stage): Promise<{ agent: string; issue: string }>
}

const over = (status: string): boolean => !/^(?:queued|running|scheduled_retry)$/.test(status)

/** The runs that have ended, once there are so many. */
const endedRuns = (board: Board, agent: string, count: number): Promise<BoardRun[]> =>
  eventually(
    async () => {
      const runs = (await board.runs(agent)).filter(({ status }) => over(status))
      return runs.length >= count ? runs : null
    },
    `${count} runs to end`,
    120_000,
  )

const allEnded = (board: Board, agent: string): Promise<BoardRun[]> =>
  eventually(async () => {
    const runs = await board.runs(agent)
    return runs.every(({ status }) => over(status)) ? runs : null
  }, 'all runs to end')

const runAtWork = (board: Board, agent: string): Promise<BoardRun> =>
  eventually(async () => {
    const [run] = await board.runs(agent)
    if (run === undefined || run.status !== 'running') return null
    return (await board.logSoFar(run.id)).includes('at work') ? run : null
  }, 'the agent at work')

async function oneIssue({ board, hire }: Stage, title: string, settings: Record<string, unknown> = {}) {
  const agent = await hire(title, settings)
  return { agent, issue: await board.assign(agent, title) }
}

/** The stories. A new one is an entry here. */
export const besideScenarios: readonly BesideScenario[] = [
  {
    name: 'an issue that is done',
    model: closeIssue,
    async play(stage) {
      const played = await oneIssue(stage, 'Close me')
      await stage.board.issueIn(played.issue, 'done')
      await endedRuns(stage.board, played.agent, 1)
      return played
    },
  },
  {
    name: 'a comment that reopens it',
    model: closeIssue,
    async play(stage) {
      const played = await oneIssue(stage, 'Close me twice')
      await stage.board.issueIn(played.issue, 'done')
      await endedRuns(stage.board, played.agent, 1)
      await stage.board.comment(played.issue, 'Once more, please.', { reopen: true })
      await endedRuns(stage.board, played.agent, 2)
      await stage.board.issueIn(played.issue, 'done')
      return played
    },
  },
  {
    name: 'a first answer that is only a plan',
    model: (request) =>
      request.side || request.turn > 1
        ? commanded(request, `node ${workProgram}`)
        : { kind: 'message', blocks: [{ type: 'text', text: 'Plan: first I read the code, then I change it.' }] },
    async play(stage) {
      const played = await oneIssue(stage, 'Plan me')
      await eventually(
        async () => {
          const { status } = await stage.board.issue(played.issue)
          return status === 'done' || status === 'blocked' ? status : null
        },
        'the issue to be done or blocked',
        150_000,
      )
      await allEnded(stage.board, played.agent)
      return played
    },
  },
  {
    name: 'a refused key',
    model: () => ({ kind: 'error', status: 401, type: 'authentication_error', message: 'invalid x-api-key' }),
    async play(stage) {
      const played = await oneIssue(stage, 'Refuse me')
      await endedRuns(stage.board, played.agent, 1)
      return played
    },
  },
  {
    name: 'turns that are used up',
    model: (request) => ({ kind: 'message', blocks: [commandBlock(request, 'echo again')] }),
    async play(stage) {
      const played = await oneIssue(stage, 'Loop', { maxTurnsPerRun: 2 })
      await endedRuns(stage.board, played.agent, 1)
      return played
    },
  },
  {
    name: 'a run that the operator stops',
    model: workAndHang,
    async play(stage) {
      const played = await oneIssue(stage, 'Stop me')
      const run = await runAtWork(stage.board, played.agent)
      await stage.board.must('POST', `/api/heartbeat-runs/${run.id}/cancel`, {})
      await endedRuns(stage.board, played.agent, 1)
      return played
    },
  },
  {
    name: 'a comment that interrupts',
    model: (request, context) => (request.prompt.includes('and close it') ? closeIssue : workAndHang)(request, context),
    async play(stage) {
      const played = await oneIssue(stage, 'Interrupt me')
      await runAtWork(stage.board, played.agent)
      await stage.board.comment(played.issue, 'Stop, and close it.', { interrupt: true })
      await endedRuns(stage.board, played.agent, 2)
      return played
    },
  },
]
