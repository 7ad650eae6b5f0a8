import { RunError, type Outcome, type RunEvent } from '@agent-jobs/k8s-job-runner'
import { describe, expect, it } from 'vitest'
import type { AgentEnding, AgentParser, AgentSummary } from './agent-summary.ts'
import { feedLine, followAgent } from './follow-agent.ts'

const cursor = { version: 1, framing: 'launcher', next: 0 } as const
type Line = Extract<RunEvent, { type: 'line' }>
const line = (text: string, change: Partial<Line> = {}): Line => ({
  type: 'line',
  stream: 'stdout',
  text,
  bytes: text.length,
  seq: 0,
  time: 0,
  cursor,
  ...change,
})
const succeeded = {
  kind: 'succeeded',
  code: 'succeeded',
  exitCode: 0,
  signal: null,
  source: 'end_record',
  notes: [],
} as const satisfies Outcome
const exited = { ...succeeded, kind: 'exited', code: 'exited', exitCode: 3 } as const satisfies Outcome
const stopping: RunEvent = { type: 'phase', phase: 'stopping', message: '', at: 0 }

const usage = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
const summary: AgentSummary = {
  sessionId: null,
  model: null,
  result: null,
  usage,
  costUsd: null,
  isError: false,
  errorCode: null,
  errorMessage: null,
  finished: false,
}

/** A parser that finishes at the line "result" and fails every run whose exit code it hears. */
function fakeParser() {
  const calls: string[] = []
  const endings: (AgentEnding | undefined)[] = []
  const parser: AgentParser = {
    feed: (chunk) => void calls.push(`feed ${String(chunk)}`),
    line: (text) => void calls.push(`line ${text}`),
    get finished() {
      return calls.includes('line result')
    },
    end(ending) {
      endings.push(ending)
      const failed = ending?.exitCode !== undefined
      return {
        ...summary,
        finished: parser.finished,
        isError: failed,
        errorCode: failed ? 'agent_failed' : null,
      }
    },
  }
  return { parser, calls, endings }
}

async function follow(events: readonly RunEvent[], outcome: Outcome = succeeded) {
  const { parser, calls, endings } = fakeParser()
  let finishes = 0
  async function* all() {
    yield* events
  }
  const followed = await followAgent({
    handle: { events: all(), outcome: Promise.resolve(outcome), finished: async () => void (finishes += 1) },
    parser,
    now: () => 0,
  })
  return { followed, calls, endings, finishes }
}

describe('following an agent', () => {
  it('marks whole lines, parts of a long line, and a line that was cut off', () => {
    const { parser, calls } = fakeParser()
    feedLine(parser, line('whole'))
    feedLine(parser, line('be', { part: { index: 0, last: false } }))
    feedLine(parser, line('gin', { part: { index: 1, last: true } }))
    feedLine(parser, line('{"cut":', { unterminated: true }))
    expect(calls).toEqual(['line whole', 'feed be', 'line gin', 'feed {"cut":'])
  })

  it('keeps stderr from the parser and gives its end to the verdict', async () => {
    const { calls, endings } = await follow([line('oops', { stream: 'stderr' }), line('out')], exited)
    expect(calls).toEqual(['line out'])
    expect(endings.at(-1)).toEqual({ exitCode: 3, signal: null, stderr: 'oops\n' })
  })

  it('judges a final success by the output alone, whatever the exit code', async () => {
    const { followed, finishes } = await follow([line('result'), line('more')], exited)
    expect(followed).toMatchObject({ kind: 'ended', summary: { finished: true, errorCode: null } })
    expect(finishes).toBe(1)
  })

  it('withdraws the report when another turn begins after a result', async () => {
    const { parser } = fakeParser()
    let lines = 0
    const counting = {
      ...parser,
      line: () => void (lines += 1),
      get finished() {
        return lines !== 2
      },
    }
    async function* all() {
      yield line('result')
      yield line('another turn')
      yield line('its result')
    }
    const reports: (boolean | undefined)[] = []
    const finished = async (isFinished?: boolean) => void reports.push(isFinished)
    const handle = { events: all(), outcome: Promise.resolve(succeeded), finished }
    await followAgent({ handle, parser: counting, now: () => 0 })
    expect(reports).toEqual([true, false, true])
  })

  it('knows whether the work was finished when the run was stopped', async () => {
    expect((await follow([line('result'), stopping])).followed).toMatchObject({ finishedBeforeCancel: true })
    expect((await follow([stopping, line('result')])).followed).toMatchObject({ finishedBeforeCancel: false })
  })

  it('says why the output could not be read, unless reading went on', async () => {
    const refused: RunEvent = { type: 'warning', code: 'log_request_failed', message: 'HTTP 403', at: 0 }
    const unread = await follow([refused, { type: 'output', verdict: 'unverified' }])
    expect(unread.followed).toMatchObject({ output: { verdict: 'unverified', lines: 0, problem: 'HTTP 403' } })
    const recovered = await follow([refused, line('out'), { type: 'output', verdict: 'complete' }])
    expect(recovered.followed).toMatchObject({ output: { verdict: 'complete', lines: 1, problem: null } })
  })

  it('ends with what is known when it is detached', async () => {
    const error = new RunError('detached', 'Detached.')
    async function* none() {}
    const { parser } = fakeParser()
    const outcome = Promise.reject(error)
    const handle = { events: none(), outcome, finished: async () => undefined }
    expect(await followAgent({ handle, parser, now: () => 0 })).toMatchObject({ kind: 'detached', error })
  })

  it('rejects when the listener rejects, after the finish was reported', async () => {
    const { parser } = fakeParser()
    async function* all() {
      yield line('result')
      yield line('more')
    }
    let reported = false
    const handle = {
      events: all(),
      outcome: Promise.resolve(succeeded),
      finished: async () => {
        await Promise.resolve()
        reported = true
      },
    }
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'line' && event.text === 'more') throw new Error('full')
    }
    await expect(followAgent({ handle, parser, now: () => 0, onEvent })).rejects.toThrow('full')
    expect(reported).toBe(true)
  })
})
