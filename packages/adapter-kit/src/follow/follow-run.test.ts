import type { Outcome, RunEvent, RunHandle } from '@agent-jobs/k8s-job-runner'
import { describe, expect, it } from 'vitest'
import type { AgentParser } from '@agent-jobs/agent-run'
import type { Clock } from '@agent-jobs/primitives'
import { followRun } from './follow-run.ts'
import { logRelay } from './log-relay.ts'

const cursor = { version: 1, framing: 'launcher', next: 0 } as const
const line = (text: string, change: Partial<Extract<RunEvent, { type: 'line' }>> = {}): RunEvent => ({
  type: 'line',
  stream: 'stdout',
  text,
  bytes: Buffer.byteLength(text),
  seq: 0,
  time: 0,
  cursor,
  ...change,
})
const outcome = {
  kind: 'succeeded',
  code: 'succeeded',
  exitCode: 0,
  signal: null,
  source: 'end_record',
  notes: [],
} as const satisfies Outcome

/** A clock that stands still until it is moved. */
function manualClock(): Clock & { advance(ms: number): void } {
  let now = 0
  const sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => now,
    wallTime: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ at: now + ms, wake: resolve })
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
    advance(ms) {
      now += ms
      for (const { at, wake } of sleepers) if (at <= now) wake()
    },
  }
}

function world(events: AsyncIterable<RunEvent>) {
  const log: string[] = []
  const progress: string[] = []
  const fed: string[] = []
  let ending: unknown
  let finishes = 0
  const parser: AgentParser = {
    get finished() {
      return fed.join('').includes('result')
    },
    feed: (chunk) => void fed.push(String(chunk)),
    line: (text) => void fed.push(`${text}\n`),
    end(given) {
      ending = given
      const usage = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
      return {
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
    },
  }
  const handle: RunHandle = {
    job: { name: 'j', namespace: 'n', uid: 'u' },
    pod: undefined,
    runId: 'r',
    key: 'k',
    events,
    outcome: Promise.resolve(outcome),
    settled: Promise.resolve(),
    timings: {},
    cancel: async () => 'gone',
    finished: async () => void (finishes += 1),
    detach: async () => undefined,
  }
  const clock = manualClock()
  const followed = followRun({
    handle,
    parser,
    relay: logRelay(async (stream, chunk) => void log.push(`${stream} ${chunk}`)),
    clock,
    progress: (_phase, message) => void progress.push(message),
    isReport: (text) => text.startsWith('report: '),
  })
  return { followed, log, progress, fed, clock, ending: () => ending, finishes: () => finishes }
}

describe('following a run', () => {
  it('passes on every line once, in order, and reports when the work is finished', async () => {
    const { followed, log, fed, progress, finishes, ending } = world(
      (async function* () {
        yield { type: 'phase', phase: 'running', message: 'Running', at: 0 } as const
        yield line('one')
        yield line('oops', { stream: 'stderr' })
        yield line('the result')
        yield line('more result')
        yield { type: 'output', verdict: 'complete' } as const
        yield { type: 'outcome', outcome } as const
      })(),
    )
    expect(await followed).toMatchObject({
      outcome: { kind: 'succeeded' },
      seenRunning: true,
      output: { verdict: 'complete' },
    })
    expect(log).toEqual(['stdout one\n', 'stderr oops\n', 'stdout the result\n', 'stdout more result\n'])
    expect(fed).toEqual(['one\n', 'the result\n', 'more result\n'])
    expect(progress).toEqual(['Running'])
    expect(finishes()).toBe(1)
    expect(ending()).toEqual({ exitCode: 0, signal: null, stderr: 'oops\n' })
  })

  it("hides the reports of the definition's program, which the parser gets", async () => {
    const { followed, log, ending } = world(
      (async function* () {
        yield line('report: 7 tokens', { stream: 'stderr' })
        yield line('report: on standard output')
        yield line('no report: ', { stream: 'stderr' })
        yield { type: 'outcome', outcome } as const
      })(),
    )
    await followed
    expect(log).toEqual(['stdout report: on standard output\n', 'stderr no report: \n'])
    expect(ending()).toMatchObject({ stderr: 'report: 7 tokens\nno report: \n' })
  })

  it('joins the parts of an overlong line for the parser', async () => {
    const { followed, fed } = world(
      (async function* () {
        yield line('ab', { part: { index: 0, last: false } })
        yield line('cd', { part: { index: 1, last: true } })
        yield { type: 'outcome', outcome } as const
      })(),
    )
    await followed
    expect(fed.join('')).toBe('abcd\n')
  })

  it('says where output is missing, and that it is not complete', async () => {
    const { followed, log } = world(
      (async function* () {
        yield { type: 'gap', unit: 'frames', from: 1, to: 2, reason: 'missing_frames', cursor } as const
        yield { type: 'warning', code: 'x', message: 'A volume is slow', at: 0 } as const
        yield { type: 'output', verdict: 'lost' } as const
        yield { type: 'outcome', outcome } as const
      })(),
    )
    expect(await followed).toMatchObject({ output: { verdict: 'lost' }, seenRunning: false })
    expect(log).toEqual([
      'stderr [paperclip] Output is missing here (missing_frames).\n',
      'stderr [paperclip] A volume is slow\n',
    ])
  })

  it('prints one dim line after a long silence', async () => {
    const gate = Promise.withResolvers<void>()
    const told = Promise.withResolvers<void>()
    const { followed, log, clock } = world(
      (async function* () {
        yield line('hello')
        told.resolve()
        await gate.promise
        yield { type: 'outcome', outcome } as const
      })(),
    )
    await told.promise
    clock.advance(9 * 60_000)
    clock.advance(60_000)
    // The keepalive writes in the same turns of the loop as it wakes.
    await Promise.resolve().then(() => undefined)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    gate.resolve()
    await followed
    expect(log).toEqual(['stdout hello\n', 'stdout [paperclip] keepalive — job j running (600s since last output)\n'])
  })
})
