import type { Outcome, OutcomeKind } from '@agent-jobs/k8s-job-runner'
import { describe, expect, it } from 'vitest'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { executionResult } from './execution-result.ts'
import { concludeRun } from './conclude-run.ts'

const summary = (change: Partial<AgentSummary> = {}): AgentSummary => ({
  sessionId: 's',
  model: 'm',
  result: 'All done.',
  usage: { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 100, cacheCreationInputTokens: 7 },
  costUsd: 0.5,
  isError: false,
  errorCode: null,
  errorMessage: null,
  finished: true,
  ...change,
})

const failing = (errorCode: string, change: Partial<AgentSummary> = {}) =>
  summary({
    isError: true,
    errorCode,
    errorMessage: `The agent says ${errorCode}.`,
    result: null,
    finished: false,
    ...change,
  })
const silent = { usage: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 } }

const outcome = (kind: OutcomeKind, change: Partial<Outcome> = {}): Outcome =>
  ({ exitCode: null, signal: null, source: 'end_record', notes: [], pod: 'p', ...kind, ...change }) as Outcome

const succeeded = outcome({ kind: 'succeeded', code: 'succeeded' }, { exitCode: 0 })
const exited = outcome({ kind: 'exited', code: 'exited', exitCode: 1 }, { exitCode: 1 })
const oom = outcome({ kind: 'oomKilled', code: 'oom_killed', process: 'main' }, { exitCode: 137 })
const toolKilled = outcome({ kind: 'oomKilled', code: 'oom_killed', process: 'child' }, { exitCode: 1 })
const evicted = outcome({ kind: 'evicted', code: 'evicted', by: 'kubelet' })
const lost = outcome({ kind: 'lost', code: 'lost', known: 'nothing' })
const deleted = outcome({
  kind: 'deletedExternally',
  code: 'deleted_externally',
  seen: { what: 'job', at: 1, by: 'watch' },
})
const signalled = outcome(
  { kind: 'signalled', code: 'signalled', signal: 'SIGKILL' },
  { exitCode: 137, signal: 'SIGKILL' },
)
const cancelled = outcome({ kind: 'cancelled', code: 'cancelled', by: 'an operator' }, { exitCode: 143 })
const total = outcome({ kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'total' }, { exitCode: 143 })
const image = outcome({ kind: 'imageError', code: 'image_error', container: 'claude' })
const quota = outcome({ kind: 'quotaExceeded', code: 'quota_exceeded' })

function judge(of: Outcome, said: AgentSummary, spoke = true) {
  return concludeRun(
    { title: 'Claude Code', errorNames: { truncated: 'claude_truncated', empty_response: 'llm_api_error' } },
    {
      outcome: of,
      summary: said,
      output: { verdict: 'complete', lines: 1, problem: null },
      seenRunning: spoke,
      finishedBeforeCancel: false,
    },
  )
}

describe('what is reported of a run', () => {
  it.each([
    ['exit 0 with a result', succeeded, summary()],
    ['a pod that was evicted after the work was done', evicted, summary()],
    ['a pod that was deleted after the work was done', deleted, summary()],
    ['a kill for memory after the work was done', oom, summary()],
  ])('is a success for %s', (_what, of, said) => {
    expect(judge(of, said).kind).toBe('succeeded')
  })

  it.each([
    ['is unknown', failing('session_unavailable'), true],
    ['is longer than the model can read', failing('context_overflow'), true],
    ['has reached its turns', failing('max_turns'), true],
    ['the provider refuses to read', failing('bad_request', { clearSession: true }), true],
    ['was refused for another reason', failing('bad_request', { ...silent, clearSession: false }), false],
    ['was refused for a reason that the parser does not know', failing('bad_request', silent), false],
    ['is open elsewhere', failing('session_unavailable', { clearSession: false }), false],
    ['has a wrong key', failing('auth_failed', silent), false],
  ])('clears a session that %s, and no other', (_what, said, clears) => {
    expect(judge(exited, said)).toMatchObject({ kind: 'failed', clearSession: clears })
  })

  it.each<[OutcomeKind, string]>([
    [{ kind: 'containerLost', code: 'container_lost' }, 'k8s_container_lost'],
    [{ kind: 'outputLimitExceeded', code: 'output_limit_exceeded' }, 'output_limit_exceeded'],
    [{ kind: 'configError', code: 'config_error' }, 'k8s_pod_config_error'],
    [{ kind: 'initFailed', code: 'init_failed', container: 'mesh' }, 'k8s_init_failed'],
    [{ kind: 'startFailed', code: 'start_failed' }, 'k8s_pod_start_failed'],
    [{ kind: 'followFailed', code: 'follow_failed' }, 'k8s_follow_failed'],
  ])('gives $kind the name that users of the adapters know', (kind, errorCode) => {
    expect(judge(outcome(kind), failing('truncated'))).toMatchObject({ kind: 'failed', errorCode })
  })

  it.each([
    ['session_in_use', 'transient_upstream'],
    ['codex_login_missing', null],
  ])("takes from the agent's own codes which may pass: %s", (code, errorFamily) => {
    const means = { means: 'It happened.', todo: 'Nothing.' }
    const ownErrors = { session_in_use: { ...means, mayPass: true }, codex_login_missing: means }
    const ended = {
      outcome: exited,
      summary: failing(code),
      output: { verdict: 'complete', lines: 1, problem: null },
      seenRunning: true,
      finishedBeforeCancel: false,
    } as const
    expect(concludeRun({ title: 'Codex', errorNames: {}, ownErrors }, ended)).toMatchObject({
      errorCode: code,
      errorFamily,
    })
  })

  it.each([
    ['a time limit', total, failing('truncated'), true],
    ['an eviction', evicted, failing('truncated'), false],
    ['a refused key', exited, failing('auth_failed'), false],
  ])('says whether %s timed out', (_what, of, said, timedOut) => {
    expect(judge(of, said)).toMatchObject({ kind: 'failed', timedOut })
  })

  it('warns when something happened to the pod after a success', () => {
    expect(judge(evicted, summary())).toMatchObject({ warning: expect.stringContaining('evicted') })
    expect(judge(succeeded, summary())).toEqual({ kind: 'succeeded', warning: null })
  })

  it.each([
    ['an exit 0 without a result', succeeded, summary({ result: null, finished: false }), 'no_result', null],
    ['an is_error result with exit 0', succeeded, failing('upstream_error'), 'upstream_error', 'transient_upstream'],
    ['a refused key', exited, failing('auth_failed'), 'auth_failed', null],
    ['a spent quota', exited, failing('quota_exhausted'), 'quota_exhausted', 'provider_quota'],
    ['an overloaded model', exited, failing('overloaded'), 'overloaded', 'transient_upstream'],
    ['a refusal', succeeded, failing('model_refusal'), 'model_refusal', 'model_refusal'],
    ['an empty answer', succeeded, failing('empty_response'), 'llm_api_error', null],
    ['a cut stream', exited, failing('truncated'), 'claude_truncated', null],
    ['a kill in the middle', signalled, failing('truncated'), 'claude_truncated', null],
    ['a kill in the middle, by its signal', signalled, failing('interrupted'), 'claude_truncated', null],
    ['a kill before a word', signalled, failing('interrupted', silent), 'signalled', null],
    ['a kill for memory', oom, failing('truncated'), 'oom_killed', null],
    ['a kill for memory, whatever the agent said', oom, failing('auth_failed'), 'oom_killed', null],
    [
      'what the agent names after a tool was killed for memory',
      toolKilled,
      failing('auth_failed'),
      'auth_failed',
      null,
    ],
    [
      'a tool that was killed for memory, when the agent names nothing',
      toolKilled,
      failing('agent_failed'),
      'oom_killed',
      null,
    ],
    [
      'a tool that was killed for memory and took the answer along',
      toolKilled,
      failing('truncated'),
      'oom_killed',
      null,
    ],
    [
      'a tool that was killed for memory and took the agent along',
      toolKilled,
      failing('interrupted'),
      'oom_killed',
      null,
    ],
    ['an eviction', evicted, failing('truncated'), 'pod_evicted', 'transient_upstream'],
    ['a deletion by someone else', deleted, failing('interrupted'), 'k8s_job_deleted_externally', 'transient_upstream'],
    ['an image that cannot be pulled', image, failing('start_failed'), 'image_pull_failed', null],
    ['a quota of the cluster', quota, failing('start_failed'), 'k8s_quota_exceeded', 'transient_upstream'],
    ['a run whose end was not seen', lost, failing('truncated'), 'k8s_run_lost', null],
    ['an exit without a message', exited, failing('agent_failed', { errorMessage: null }), 'agent_failed', null],
  ])('names %s', (_what, of, said, errorCode, errorFamily) => {
    expect(judge(of, said)).toMatchObject({ kind: 'failed', errorCode, errorFamily })
  })

  it('keeps what the agent printed before the pod was removed', () => {
    expect(judge(oom, failing('context_overflow'))).toMatchObject({
      errorMessage: expect.stringMatching(/memory.*Before that it reported: The agent says context_overflow/s),
    })
  })

  it.each([['session_unavailable'], ['max_turns']])('clears the session after %s', (code) => {
    expect(judge(exited, failing(code))).toMatchObject({ clearSession: true })
  })

  it('knows a time limit as a timeout', () => {
    expect(judge(total, failing('interrupted'))).toMatchObject({ errorCode: 'timeout', timedOut: true })
  })

  it('knows whether the agent began and whether it stopped', () => {
    expect(judge(image, failing('start_failed'), false)).toMatchObject({ began: false })
    expect(judge(exited, failing('auth_failed'), false)).toMatchObject({ began: true })
    expect(judge(lost, failing('truncated'), false)).toMatchObject({ stopped: false, began: true })
    expect(
      judge(outcome({ kind: 'cancelled', code: 'cancelled', by: 'x' }), failing('interrupted'), false),
    ).toMatchObject({ began: false })
    expect(judge(cancelled, failing('interrupted'))).toMatchObject({ stopped: true, errorCode: 'cancelled' })
  })
})

describe("Paperclip's result", () => {
  function result(
    of: Outcome,
    said: AgentSummary,
    spoke = true,
    comment: 'always' | 'on_success' | 'never' = 'always',
  ) {
    return executionResult({
      conclusion: judge(of, said, spoke),
      outcome: of,
      summary: said,
      session: { sessionId: 's', cwd: '/w' },
      model: 'm',
      billing: { provider: 'anthropic', biller: 'anthropic', billingType: 'api' },
      report: {
        job: 'j',
        namespace: 'n',
        pod: 'p',
        node: null,
        adoptedFromRun: null,
        outcome: of.code,
        outputComplete: true,
        timings: {},
      },
      retryAt: null,
      comment,
      now: 0,
    })
  }

  const everyOutcome = [succeeded, exited, oom, evicted, lost, deleted, cancelled, total, image, quota]

  it.each(everyOutcome.map((of) => [of.kind, of] as const))(
    'has usage, cost, model and session for %s',
    (_kind, of) => {
      const said = of.kind === 'succeeded' ? summary() : failing('truncated')
      expect(result(of, said)).toMatchObject({
        usage: { inputTokens: 17, outputTokens: 5, cachedInputTokens: 100 },
        usageBasis: 'per_run',
        costUsd: 0.5,
        model: 'm',
        provider: 'anthropic',
        billingType: 'api',
        sessionParams: { sessionId: 's', cwd: '/w' },
      })
    },
  )

  it.each(everyOutcome.filter((of) => of.kind !== 'succeeded').map((of) => [of.kind, of] as const))(
    'leaves the task restartable and says why in its thread, unless it was cancelled, after %s',
    (_kind, of) => {
      const failed = result(of, failing('truncated'))
      expect(failed).toMatchObject({
        errorMessage: expect.any(String),
        resultJson: { conversationContinuation: 'continue_conversation_v1' },
      })
      expect(failed.exitCode).not.toBe(0)
      expect(failed.exitCode).not.toBeNull()
      expect(failed.summary).toBe(of.kind === 'cancelled' ? undefined : failed.errorMessage)
    },
  )

  it('proves a settled cancellation', () => {
    expect(result(cancelled, failing('interrupted'))).toMatchObject({
      executionRecovery: { kind: 'interrupted', providerStopped: true },
      resultJson: { executionCancellation: { state: 'acknowledged' } },
    })
  })

  it('proves that the agent never began', () => {
    expect(result(image, failing('start_failed'), false)).toMatchObject({
      executionRecovery: { kind: 'bootstrap', providerWorkStarted: false },
    })
    expect(result(exited, failing('auth_failed')).executionRecovery).toBeUndefined()
  })

  it("tells Paperclip's continuation policy that the turns are used up", () => {
    expect(result(exited, failing('max_turns')).resultJson).toMatchObject({ stopReason: 'max_turns_exhausted' })
    expect(result(exited, failing('auth_failed')).resultJson).not.toHaveProperty('stopReason')
  })

  it("keeps the numbers of the agent's result", () => {
    const { resultJson } = result(succeeded, { ...summary(), numTurns: 3, durationMs: 900, toolCalls: 2 })
    expect(resultJson).toMatchObject({ agentResult: { numTurns: 3, durationMs: 900, toolCalls: 2 } })
  })

  it('does not comment on the issue when commentOnFailure is off', () => {
    expect(result(exited, failing('auth_failed'), true, 'on_success').summary).toBeUndefined()
  })

  it('posts nothing for an agent that has commented as another run', () => {
    expect(result(succeeded, summary(), true, 'never').summary).toBeNull()
    expect(result(exited, failing('auth_failed'), true, 'never').summary).toBeUndefined()
    expect(result(succeeded, summary(), true, 'on_success').summary).toBe(summary().result)
  })

  it('clears a session that is gone', () => {
    expect(result(exited, failing('session_unavailable'))).toMatchObject({ clearSession: true, sessionParams: null })
  })
})
