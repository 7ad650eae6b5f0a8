import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import type { FollowSettings } from './follow-settings.ts'
import { judgeOutcome, type Judgement } from './judge-outcome.ts'
import type { Outcome, OutcomeKind } from './outcome.ts'
import { recording, recordings } from '../test/support/read-recording.ts'
import { judgeStart, type StartJudgement, type StartProgress } from './start-judgement.ts'

const graces: Pick<
  FollowSettings,
  'budgetMs' | 'unschedulableGraceMs' | 'missingGraceMs' | 'refusedGraceMs' | 'container'
> = {
  container: 'agent',
  budgetMs: 600_000,
  unschedulableGraceMs: 120_000,
  missingGraceMs: 60_000,
  refusedGraceMs: 30_000,
}

type Expected = Partial<OutcomeKind> & {
  kind: OutcomeKind['kind']
  exitCode?: number | null
  note?: RegExp
  words?: RegExp
}

/** Recordings that show an end, and its kind by status alone. */
const ends: Record<string, Expected> = {
  'command-missing': { kind: 'startFailed', words: /no such file/ },
  'command-not-executable': { kind: 'startFailed', words: /permission denied/ },
  completed: { kind: 'succeeded', exitCode: 0 },
  'deadline-job': { kind: 'deadlineExceeded', limit: 'job', exitCode: 0 },
  'deadline-job-ignores-term': { kind: 'deadlineExceeded', limit: 'job', exitCode: 137 },
  'deadline-pod': { kind: 'deadlineExceeded', limit: 'pod' },
  'env-secret-late': { kind: 'succeeded', exitCode: 0 },
  'env-too-long': { kind: 'exited', exitCode: 1 },
  'evicted-api': { kind: 'evicted', by: 'api' },
  'evicted-api-failjob-exit0': { kind: 'evicted', by: 'api' },
  'evicted-api-failjob-policy': { kind: 'evicted', by: 'api' },
  'evicted-api-ignores-term': { kind: 'evicted', by: 'api' },
  'evicted-emptydir-limit': { kind: 'evicted', by: 'kubelet', words: /exceeds the limit/ },
  'evicted-ephemeral-limit': { kind: 'evicted', by: 'kubelet', words: /exceeds/ },
  'exit-143-sigterm-self': { kind: 'exited', exitCode: 143 },
  'exit-nonzero': { kind: 'exited', exitCode: 3 },
  'init-failed': { kind: 'initFailed', note: /exit code 5/ },
  'job-activedeadline-pending': { kind: 'deadlineExceeded', limit: 'job', note: /never scheduled: .*Insufficient/ },
  'job-deleted-background': { kind: 'deletedExternally' },
  'job-deleted-foreground': { kind: 'deletedExternally' },
  'job-suspended-while-running': { kind: 'preempted', by: 'queue', words: /suspended/ },
  'mount-secret-late': { kind: 'succeeded', exitCode: 0 },
  'node-deleted': { kind: 'nodeLost', exitCode: null },
  'node-lost': { kind: 'nodeLost', exitCode: null },
  'node-lost-failjob': { kind: 'nodeLost', exitCode: null },
  'oom-child-exit-0': { kind: 'succeeded', exitCode: 0, note: /killed for memory/ },
  'oom-child-exit-1': { kind: 'oomKilled', process: 'child', exitCode: 1 },
  'oom-main': { kind: 'oomKilled', process: 'main', exitCode: 137 },
  'oom-node-heap': { kind: 'oomKilled', process: 'main', exitCode: 137 },
  'out-of-cpu-kubelet': { kind: 'startFailed', words: /OutOfcpu/ },
  'pod-deleted': { kind: 'deletedExternally' },
  'pod-deleted-ignores-term': { kind: 'deletedExternally' },
  preempted: { kind: 'preempted', by: 'scheduler' },
  'preempted-exit0': { kind: 'preempted', by: 'scheduler' },
  'readonly-root': { kind: 'exited', exitCode: 21 },
  segfault: { kind: 'exited', exitCode: 139 },
  'sigkill-from-outside': { kind: 'signalled', signal: 'SIGKILL' },
  ttl: { kind: 'succeeded', exitCode: 0 },
  'ttl-zero': { kind: 'succeeded', exitCode: 0 },
  'workdir-is-a-file': { kind: 'startFailed', words: /chdir|not a directory/ },
}

/** Recordings of pods that have not started: the outcome once the patience is used up, and after how long. */
const starts: Record<string, Expected & { afterMs: number }> = {
  'env-secret-key-missing': { kind: 'configError', afterMs: 60_000, words: /couldn't find key/ },
  'env-secret-missing': { kind: 'configError', afterMs: 60_000, words: /"absent" not found/ },
  'envfrom-secret-missing': { kind: 'configError', afterMs: 60_000, words: /"absent" not found/ },
  'image-name-invalid': { kind: 'imageError', afterMs: 0, words: /must be lowercase/ },
  'image-never-pull': { kind: 'imageError', afterMs: 60_000, words: /not present/ },
  'image-pull-backoff': { kind: 'imageError', afterMs: 600_000, words: /Back-off/ },
  'image-pull-error': { kind: 'imageError', afterMs: 600_000, words: /failed to pull/ },
  'image-pull-registry-refused': { kind: 'imageError', afterMs: 600_000, words: /refused/ },
  'init-image-pull': { kind: 'imageError', container: 'init', afterMs: 600_000, words: /failed to pull/ },
  'limitrange-refused': { kind: 'admissionDenied', afterMs: 30_000, words: /maximum memory usage/ },
  'mount-configmap-missing': { kind: 'configError', afterMs: 60_000, words: /configmap "absent" not found/ },
  'mount-secret-key-missing': { kind: 'configError', afterMs: 60_000, words: /non-existent secret key/ },
  'mount-secret-missing': { kind: 'configError', afterMs: 60_000, words: /secret "absent" not found/ },
  'pod-security-refused': { kind: 'admissionDenied', afterMs: 30_000, words: /violates PodSecurity/ },
  'quota-exceeded': { kind: 'quotaExceeded', afterMs: 30_000, words: /exceeded quota/ },
  'quota-needs-requests': { kind: 'admissionDenied', afterMs: 30_000, words: /failed quota/ },
  'run-as-nonroot-violated': { kind: 'configError', afterMs: 0, words: /run as root/ },
  'service-account-missing': { kind: 'admissionDenied', afterMs: 30_000, words: /serviceaccount "absent" not found/ },
  'unschedulable-affinity': { kind: 'unschedulable', cause: 'affinity', afterMs: 120_000 },
  'unschedulable-cordoned': { kind: 'unschedulable', cause: 'cordoned', afterMs: 120_000 },
  'unschedulable-cpu': { kind: 'unschedulable', cause: 'resources', afterMs: 120_000 },
  'unschedulable-memory': { kind: 'unschedulable', cause: 'resources', afterMs: 120_000 },
  'unschedulable-node-selector': { kind: 'unschedulable', cause: 'affinity', afterMs: 120_000 },
  'unschedulable-pvc-missing': { kind: 'unschedulable', cause: 'volume', afterMs: 120_000 },
  'unschedulable-pvc-pending': { kind: 'unschedulable', cause: 'volume', afterMs: 120_000 },
  'unschedulable-taint': { kind: 'unschedulable', cause: 'taint', afterMs: 120_000 },
}

/** Recordings of running pods: nothing may be concluded from them. */
const goingOn = ['evicted-api-backoff-restarts', 'node-not-ready', 'pod-deleted-failjob-policy']

/** The recording was taken before the pod object vanished; what ends the run is its absence. */
const endsByAbsence: Record<string, Expected> = { 'pod-force-deleted': { kind: 'deletedExternally' } }

function evidenceOf(name: string, more: Partial<Evidence> = {}): Evidence {
  return { ...recording(name), container: 'agent', ...more }
}

const anything = /(?:)/

function expectOutcome(outcome: Outcome, { note = anything, words = anything, ...fields }: Expected): void {
  expect(outcome).toMatchObject(fields)
  expect(outcome.notes.join(' ')).toMatch(note)
  expect(`${outcome.reason}: ${outcome.message}`).toMatch(words)
}

function outcomeOf(judged: Judgement): Outcome {
  if (judged.verdict === 'undecided') throw new Error('expected an outcome, got none')
  return judged.outcome
}

describe('every recording of a real cluster', () => {
  it('is in exactly one of these tables', () => {
    const listed = [...Object.keys(ends), ...Object.keys(starts), ...goingOn, ...Object.keys(endsByAbsence)]
    expect(listed.toSorted()).toEqual(recordings.toSorted())
  })

  it.each(Object.entries(ends))('%s is read as its end', (name, expected) => {
    expect.hasAssertions()
    expectOutcome(outcomeOf(judgeOutcome(evidenceOf(name))), expected)
  })

  it.each(Object.entries(endsByAbsence))('%s is read as its end once the pod is gone', (name, expected) => {
    expect(judgeOutcome(evidenceOf(name))).toEqual({ verdict: 'undecided' })
    expectOutcome(outcomeOf(judgeOutcome(evidenceOf(name, { podGone: { at: 1, by: 'watch' } }))), expected)
  })

  it.each(goingOn)('%s has not ended', (name) => {
    expect(judgeOutcome(evidenceOf(name))).toEqual({ verdict: 'undecided' })
  })

  it.each(Object.entries(starts))('%s is reported after its grace period', (name, { afterMs, ...expected }) => {
    expect(judgeOutcome(evidenceOf(name))).toEqual({ verdict: 'undecided' })
    const judgements: StartJudgement[] = []
    let progress: StartProgress = { since: 0 }
    for (const now of [0, afterMs - 1, afterMs].slice(afterMs === 0 ? 2 : 0)) {
      const judged = judgeStart({ ...recording(name), graces, now, progress })
      if (judged.verdict !== 'started') progress = judged.progress
      judgements.push(judged)
    }
    const last = judgements.pop()
    expect(judgements.map(({ verdict }) => verdict)).toEqual(afterMs === 0 ? [] : ['wait', 'wait'])
    if (last?.verdict !== 'fail') throw new Error(`expected a failure, got ${last?.verdict}`)
    expectOutcome(last.outcome, expected)
  })
})
