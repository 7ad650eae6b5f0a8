import type { Outcome, OutcomeKind } from '@agent-jobs/k8s-job-runner'
import { describe, expect, it } from 'vitest'
import type { AgentSummary } from './agent-summary.ts'
import { judgeRun, type RunEvidence } from './judge-run.ts'

const usage = { inputTokens: 1, outputTokens: 5, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
const none: AgentSummary = {
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
const done: AgentSummary = { ...none, result: 'Done', finished: true }
const failing = (errorCode: string): AgentSummary => ({
  ...none,
  isError: true,
  errorCode,
  errorMessage: `It says ${errorCode}.`,
})
const silent = (errorCode: string): AgentSummary => ({ ...failing(errorCode), usage: { ...usage, outputTokens: 0 } })

const outcomeOf = (kind: OutcomeKind, change: Partial<Outcome> = {}): Outcome =>
  ({ exitCode: null, signal: null, source: 'end_record', notes: [], pod: 'p', ...kind, ...change }) as Outcome
const notFound = outcomeOf({ kind: 'exited', code: 'exited', exitCode: 127 })
const startFailed = (reason: string): Outcome =>
  outcomeOf({ kind: 'startFailed', code: 'start_failed' }, { reason, message: 'The command ada was not found.' })
const [commandNotFound, notExecutable] = [startFailed('command_not_found'), startFailed('command_not_executable')]
const succeeded = outcomeOf({ kind: 'succeeded', code: 'succeeded' }, { exitCode: 0 })
const exited = outcomeOf({ kind: 'exited', code: 'exited', exitCode: 1 })
const signalled = outcomeOf({ kind: 'signalled', code: 'signalled', signal: 'SIGKILL' })
const oom = outcomeOf({ kind: 'oomKilled', code: 'oom_killed', process: 'main' }, { exitCode: 137 })
const oomOfTool = outcomeOf({ kind: 'oomKilled', code: 'oom_killed', process: 'child' }, { exitCode: 1 })
const evicted = outcomeOf({ kind: 'evicted', code: 'evicted', by: 'kubelet' })
const nodeLost = outcomeOf({ kind: 'nodeLost', code: 'node_lost' })
const cancelled = outcomeOf({ kind: 'cancelled', code: 'cancelled', by: 'Ada' })
const image = outcomeOf({ kind: 'imageError', code: 'image_error', container: 'agent' })

const evidence = (outcome: Outcome, summary: AgentSummary, change: Partial<RunEvidence> = {}): RunEvidence => ({
  outcome,
  summary,
  output: { verdict: 'complete', lines: 3, problem: null },
  seenRunning: true,
  finishedBeforeCancel: false,
  title: 'Ada Code',
  ...change,
})
const codeOf = (of: RunEvidence): string | null => {
  const judged = judgeRun(of)
  return judged.kind === 'failed' ? judged.code : null
}

describe('a final, complete success of the agent', () => {
  it.each([
    ['an exit code', exited, 'exit code 1'],
    ['a signal', signalled, 'SIGKILL'],
    ['a kill for memory', oom, 'memory'],
    ['an eviction', evicted, 'evicted'],
    ['a lost node', nodeLost, 'node'],
  ])('stays a success after %s, with a warning that names it', (_what, outcome, named) => {
    expect(judgeRun(evidence(outcome, done))).toEqual({ kind: 'succeeded', warning: expect.stringContaining(named) })
  })

  it('has no warning when the process ended well', () => {
    expect(judgeRun(evidence(succeeded, done))).toEqual({ kind: 'succeeded', warning: null })
  })

  it('stays a success when the run is cancelled after it, and not before', () => {
    expect(codeOf(evidence(cancelled, done, { finishedBeforeCancel: true }))).toBeNull()
    expect(codeOf(evidence(cancelled, done, { finishedBeforeCancel: false }))).toBe('cancelled')
  })
})

describe('a run without a final success', () => {
  it.each<[string, Outcome, AgentSummary, string | null]>([
    ['exits with 0 and no result', succeeded, none, 'no_result'],
    ['exits with 0 before its result', succeeded, failing('truncated'), 'no_result'],
    ['exits with 0 and a result that leaves work pending', succeeded, { ...none, result: 'Done' }, null],
    ['exits with 0 and an error of the model API', succeeded, failing('upstream_error'), 'upstream_error'],
    ['exits with 1 and names the reason', exited, failing('auth_failed'), 'auth_failed'],
    ['exits with 1 in the middle of its work', exited, failing('truncated'), 'truncated'],
    ['exits with 1 and says nothing', exited, none, 'agent_failed'],
    ['is killed in the middle of an answer', signalled, failing('interrupted'), 'truncated'],
    ['is killed before its first word', signalled, silent('interrupted'), 'signalled'],
    ['is killed for memory, whatever it reported', oom, failing('auth_failed'), 'oom_killed'],
    ['loses a tool for memory and names another reason', oomOfTool, failing('auth_failed'), 'auth_failed'],
    ['loses a tool for memory and names no reason', oomOfTool, failing('agent_failed'), 'oom_killed'],
    ['is evicted', evicted, failing('truncated'), 'evicted'],
    ['finds no program by a shell', notFound, silent('start_failed'), 'image_lacks'],
    ['finds no program by the launcher', commandNotFound, silent('start_failed'), 'image_lacks'],
    ['cannot execute its program', notExecutable, silent('start_failed'), 'start_failed'],
    ['exits with 127 after it reported another reason', notFound, failing('auth_failed'), 'auth_failed'],
    ['exits with 127 in the middle of its work', notFound, failing('truncated'), 'truncated'],
    ['never starts', image, silent('start_failed'), 'image_error'],
  ])('that %s has the code of the best evidence', (_what, outcome, summary, code) => {
    expect(codeOf(evidence(outcome, summary))).toBe(code)
  })

  it('names the program that the image lacks, in the words of the shell or the launcher', () => {
    expect(judgeRun(evidence(notFound, silent('start_failed')))).toMatchObject({
      message: 'The image lacks a program that Ada Code needs: It says start_failed.',
    })
    expect(judgeRun(evidence(commandNotFound, none))).toMatchObject({
      message: 'The image lacks a program that Ada Code needs: The command ada was not found.',
    })
  })

  it('quotes what the agent reported before its pod was removed', () => {
    expect(judgeRun(evidence(oom, failing('context_overflow')))).toMatchObject({
      message: expect.stringMatching(/memory.*Before that it reported: It says context_overflow/s),
    })
  })

  it('did not start when its container never started, and may have when it was no longer observed', () => {
    expect(judgeRun(evidence(image, silent('start_failed'), { seenRunning: false }))).toMatchObject({ began: false })
    expect(judgeRun(evidence(nodeLost, none, { seenRunning: false }))).toMatchObject({ began: true, stopped: false })
  })
})

describe('output that was not read', () => {
  const unread = { verdict: 'unverified', lines: 0, problem: 'the API server answered 403' } as const

  it.each<[string, Outcome, AgentSummary]>([
    ['a program was not found', notFound, silent('start_failed')],
    ['nothing was printed', exited, silent('start_failed')],
    ['the answer was empty', succeeded, silent('empty_response')],
    ['there is no result', succeeded, none],
    ['the output was cut', exited, failing('truncated')],
  ])('does not prove that %s', (_what, outcome, summary) => {
    const judged = judgeRun(evidence(outcome, summary, { output: unread }))
    expect(judged).toMatchObject({ code: 'output_unreadable', message: expect.stringContaining('answered 403') })
  })

  it('does not hide what the agent did report', () => {
    expect(codeOf(evidence(exited, failing('auth_failed'), { output: unread }))).toBe('auth_failed')
    expect(codeOf(evidence(exited, done, { output: unread }))).toBeNull()
  })

  it('does not hide what happened to the pod', () => {
    expect(codeOf(evidence(oom, none, { output: unread }))).toBe('oom_killed')
  })

  it('is not assumed when lines came and no read failed', () => {
    const cut = { verdict: 'unverified', lines: 3, problem: null } as const
    expect(codeOf(evidence(exited, failing('truncated'), { output: cut }))).toBe('truncated')
  })
})
