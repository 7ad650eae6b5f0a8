import { describe, expect, it } from 'vitest'
import type { EndEvidence, Evidence } from './evidence.ts'
import { describeOutcome } from './describe-outcome.ts'
import { judgeOutcome } from './judge-outcome.ts'
import type { Job, Pod } from './kubernetes.ts'

const end = (fields: Partial<EndEvidence> = {}): EndEvidence => ({
  exitCode: 0,
  signal: null,
  durationMs: 5,
  stoppedBy: null,
  ...fields,
})

const at = new Date('2026-11-21T10:00:00Z')

function pod(o: {
  phase?: string
  reason?: string
  exit?: { exitCode: number; reason?: string }
  deleting?: boolean
  disrupted?: string
  node?: boolean
}): Pod {
  const state = o.exit === undefined ? { running: { startedAt: at } } : { terminated: { reason: 'Error', ...o.exit } }
  return {
    metadata: {
      name: 'p',
      uid: 'p1',
      ...(o.deleting ? { deletionTimestamp: at, deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: { containers: [], ...(o.node === false ? {} : { nodeName: 'n1' }) },
    status: {
      phase: o.phase ?? 'Running',
      ...(o.reason === undefined ? {} : { reason: o.reason }),
      conditions:
        o.disrupted === undefined
          ? []
          : [{ type: 'DisruptionTarget', status: 'True', reason: o.disrupted, message: 'm' }],
      containerStatuses: [{ name: 'main', image: 'i', imageID: '', ready: false, restartCount: 0, state }],
    },
  }
}

/** The container has ended, and the status says no more than that. */
const over = pod({ exit: { exitCode: 0, reason: 'Completed' } })

const job = (fields: Partial<Job> = {}): Job => ({ metadata: { name: 'j', uid: 'j1' }, ...fields })
const judge = (evidence: Partial<Evidence>) => judgeOutcome({ container: 'main', job: job(), ...evidence })

describe('the end record', () => {
  it.each([
    ['exit code 0', end(), { kind: 'succeeded', exitCode: 0 }],
    ['another exit code', end({ exitCode: 7 }), { kind: 'exited', exitCode: 7 }],
    ['a crash', end({ exitCode: 139, signal: 'SIGSEGV' }), { kind: 'signalled', signal: 'SIGSEGV' }],
    ['a SIGTERM that the command gave itself', end({ exitCode: null, signal: 'SIGTERM' }), { kind: 'signalled' }],
    ['its own exit 143', end({ exitCode: 143 }), { kind: 'exited', exitCode: 143 }],
    ['the idle limit', end({ exitCode: 143, stoppedBy: 'idle_limit' }), { kind: 'deadlineExceeded', limit: 'idle' }],
    ['the total limit', end({ exitCode: 143, stoppedBy: 'total_limit' }), { kind: 'deadlineExceeded', limit: 'total' }],
    ['the output limit', end({ exitCode: 137, stoppedBy: 'output_limit' }), { kind: 'outputLimitExceeded' }],
    [
      'the loop limit',
      end({ exitCode: 143, stoppedBy: 'loop_limit' }),
      { kind: 'signalled', stoppedBy: 'loop_limit', notes: [expect.stringContaining('repeated itself')] },
    ],
    ['lingering', end({ exitCode: null, signal: 'SIGKILL', stoppedBy: 'hang_after_finish' }), { kind: 'succeeded' }],
    [
      'a command that cannot start',
      end({ exitCode: 127, startError: { code: 'ENOENT', message: 'no such file' } }),
      { kind: 'startFailed', reason: 'ENOENT', message: 'no such file' },
    ],
  ])('decides once its container has ended: %s', (_, record, expected) => {
    const outcome = { source: 'end_record', ...expected }
    expect(judge({ pod: over, end: record })).toMatchObject({ verdict: 'decided', outcome })
    expect(judge({ pod: pod({}), end: record })).toMatchObject({ verdict: 'await', for: 'container_end', outcome })
  })

  it('takes a second pod that refuses to start the command again for a preemption of the first', () => {
    const message = 'An earlier pod of this run has started the command.'
    const refused = end({ exitCode: null, startError: { code: 'already_started', message } })
    expect(judge({ pod: over, end: refused })).toMatchObject({
      outcome: { kind: 'preempted', by: 'queue', reason: 'already_started', message },
    })
  })

  it('decides before any status when the log proves that its container has ended', () => {
    const proven = judge({ pod: pod({}), end: end({ exitCode: 7 }), endProven: true })
    expect(proven).toMatchObject({ verdict: 'decided', outcome: { kind: 'exited', exitCode: 7, source: 'end_record' } })
  })

  it('waits for the status that explains a kill although the log proves the end', () => {
    const killed = end({ exitCode: null, signal: 'SIGKILL' })
    expect(judge({ pod: pod({}), end: killed, endProven: true })).toMatchObject({
      verdict: 'await',
      for: 'kill_reason',
    })
  })

  it.each([
    ['a SIGKILL', end({ exitCode: null, signal: 'SIGKILL' })],
    ['exit 137', end({ exitCode: 137 })],
    ['a signal to the launcher', end({ exitCode: 0, stoppedBy: 'signal' })],
  ])('waits for the status that explains %s', (_, record) => {
    expect(judge({ pod: pod({}), end: record })).toMatchObject({ verdict: 'await', for: 'kill_reason' })
  })

  it.each([
    [
      { exit: { exitCode: 137, reason: 'OOMKilled' }, phase: 'Failed' },
      { kind: 'oomKilled', process: 'main' },
    ],
    [
      { exit: { exitCode: 137 }, phase: 'Failed', reason: 'Evicted' },
      { kind: 'evicted', by: 'kubelet' },
    ],
    [
      { exit: { exitCode: 137 }, phase: 'Failed', reason: 'DeadlineExceeded' },
      { kind: 'deadlineExceeded', limit: 'pod' },
    ],
    [
      { deleting: true, disrupted: 'EvictionByEvictionAPI' },
      { kind: 'evicted', by: 'api' },
    ],
    [
      { deleting: true, disrupted: 'PreemptionByScheduler' },
      { kind: 'preempted', by: 'scheduler' },
    ],
    [
      { deleting: true, disrupted: 'PreemptionByKubelet' },
      { kind: 'preempted', by: 'kubelet' },
    ],
    [
      { deleting: true, disrupted: 'DeletionByTaintManager' },
      { kind: 'evicted', by: 'taint' },
    ],
    [
      { deleting: true, disrupted: 'TerminationByKubelet' },
      { kind: 'evicted', by: 'kubelet' },
    ],
    [
      { deleting: true, disrupted: 'SomethingNew' },
      { kind: 'evicted', by: 'api', reason: 'SomethingNew' },
    ],
    [{ deleting: true }, { kind: 'deletedExternally', seen: { what: 'pod', by: 'status' } }],
    [
      { exit: { exitCode: 137 }, phase: 'Failed' },
      { kind: 'signalled', signal: 'SIGKILL' },
    ],
  ])('of a kill is explained by the status %j', (status, expected) => {
    const ended = pod({ exit: { exitCode: 137 }, ...status })
    expect(judge({ pod: ended, end: end({ exitCode: 137, signal: 'SIGKILL' }) })).toMatchObject({
      verdict: 'decided',
      outcome: expected,
    })
  })

  it('that tells of a success is not undone by a deletion that came later', () => {
    expect(judge({ pod: pod({ deleting: true }), end: end() })).toMatchObject({ outcome: { kind: 'succeeded' } })
  })

  it('with exit 0 after a signal is not a success when the pod was deleted', () => {
    const judged = judge({ pod: pod({ deleting: true, exit: { exitCode: 0 } }), end: end({ stoppedBy: 'signal' }) })
    expect(judged).toMatchObject({ verdict: 'decided', outcome: { kind: 'deletedExternally', exitCode: 0 } })
  })

  it('after a cancellation names who cancelled', () => {
    const judged = judge({
      pod: pod({ deleting: true, exit: { exitCode: 143 } }),
      end: end({ exitCode: 143, stoppedBy: 'signal' }),
      cancel: { by: 'ada' },
    })
    expect(judged).toMatchObject({ outcome: { kind: 'cancelled', by: 'ada', exitCode: 143 } })
  })

  it('of a command that finished before the cancellation reached it counts', () => {
    expect(judge({ pod: pod({ deleting: true }), end: end(), cancel: { by: 'ada' } })).toMatchObject({
      outcome: { kind: 'succeeded' },
    })
  })

  it('with kills for memory in the record needs no reason in the status', () => {
    expect(judge({ pod: over, end: end({ exitCode: 1, oomKills: 2 }) })).toMatchObject({
      verdict: 'decided',
      outcome: { kind: 'oomKilled', process: 'child', exitCode: 1, source: 'end_record' },
    })
    expect(judge({ pod: over, end: end({ oomKills: 1 }) })).toMatchObject({
      verdict: 'decided',
      outcome: { kind: 'succeeded', notes: [expect.stringContaining('killed for memory')] },
    })
    expect(judge({ pod: over, end: end({ exitCode: null, signal: 'SIGABRT', oomKills: 1 }) })).toMatchObject({
      outcome: { kind: 'oomKilled', process: 'child', signal: 'SIGABRT' },
    })
    // An eviction for memory kills too: the status still takes precedence.
    const killed = end({ exitCode: null, signal: 'SIGKILL', oomKills: 1 })
    expect(judge({ pod: pod({}), end: killed })).toMatchObject({
      verdict: 'await',
      for: 'kill_reason',
      outcome: { kind: 'oomKilled', process: 'main', source: 'end_record' },
    })
    const evicted = pod({ phase: 'Failed', reason: 'Evicted', exit: { exitCode: 137 } })
    expect(judge({ pod: evicted, end: killed })).toMatchObject({ outcome: { kind: 'evicted' } })
  })

  it('with a child killed for memory and exit 1 is an OOM once the status says so', () => {
    const status = pod({ phase: 'Failed', exit: { exitCode: 1, reason: 'OOMKilled' } })
    expect(judge({ pod: status, end: end({ exitCode: 1 }) })).toMatchObject({
      outcome: { kind: 'oomKilled', process: 'child' },
    })
  })

  it('with a child killed for memory and exit 0 is a success with a note', () => {
    const status = pod({ phase: 'Succeeded', exit: { exitCode: 0, reason: 'OOMKilled' } })
    expect(judge({ pod: status, end: end() })).toMatchObject({
      outcome: { kind: 'succeeded', notes: [expect.stringContaining('memory')] },
    })
  })
})

describe('without an end record', () => {
  it('waits for the output of a container that has ended: it may hold the record', () => {
    const ended = pod({ phase: 'Failed', exit: { exitCode: 143 } })
    const outcome = { kind: 'exited', exitCode: 143, source: 'pod_status' }
    expect(judge({ pod: ended })).toMatchObject({ verdict: 'await', for: 'output', outcome })
    expect(judge({ pod: ended, output: { state: 'reading' } })).toMatchObject({ verdict: 'await', for: 'output' })
  })

  it('names an output that could not be read, and lets the status decide', () => {
    const ended = pod({ phase: 'Failed', exit: { exitCode: 143 } })
    const output = { state: 'unread', problem: 'HTTP 403 from the kubelet' } as const
    expect(judge({ pod: ended, output })).toMatchObject({
      verdict: 'decided',
      outcome: { kind: 'exited', notes: [expect.stringContaining('HTTP 403 from the kubelet')] },
    })
  })

  it('takes a start without an end, in output read to its end, for a failure outside the command', () => {
    const ended = pod({ phase: 'Failed', exit: { exitCode: 137 } })
    expect(judge({ pod: ended, launcherStarted: true, output: { state: 'read', unframed: '' } })).toMatchObject({
      verdict: 'decided',
      outcome: {
        kind: 'containerLost',
        exitCode: null,
        notes: expect.arrayContaining([expect.stringContaining('exit code 137')]),
      },
    })
  })

  it('takes a launcher that was killed before it reported anything for a failure outside the command', () => {
    const ended = pod({ phase: 'Failed', exit: { exitCode: 137 } })
    expect(judge({ pod: ended, output: { state: 'read', unframed: '' } })).toMatchObject({
      verdict: 'decided',
      outcome: {
        kind: 'containerLost',
        exitCode: null,
        notes: [expect.stringContaining('killed before its launcher'), expect.stringContaining('exit code 137')],
      },
    })
  })

  it.each([
    ['exec /usr/local/bin/node: exec format error', 'CPU architecture'],
    ['node: --no-such is not allowed in NODE_OPTIONS', 'NODE_OPTIONS in the environment'],
    ['sh: 1: node: not found', 'needs `node`'],
    ['', 'printed nothing'],
  ])('names the reason and the remedy of a launcher that printed %j and never started', (unframed, remedy) => {
    const ended = pod({ phase: 'Failed', exit: { exitCode: 9 } })
    const judged = judge({ pod: ended, output: { state: 'read', unframed } })
    if (judged.verdict !== 'decided') throw new Error(`expected a decision, got ${judged.verdict}`)
    expect(judged.outcome).toMatchObject({ kind: 'startFailed', exitCode: 9 })
    const { message } = describeOutcome(judged.outcome)
    expect(message).toContain(unframed)
    expect(message).toContain(remedy)
  })

  it('shows neither frames nor control characters of what was printed instead', () => {
    const unframed = '@aj1 0 l 1 2 {}.\n\u001B[31mred\u001B[0m\n'
    const ended = pod({ phase: 'Failed', exit: { exitCode: 9 } })
    const judged = judge({ pod: ended, output: { state: 'read', unframed } })
    expect(judged).toMatchObject({ outcome: { message: expect.stringMatching(/printed: \[31mred \[0m$/) } })
  })

  it.each(['ContainerStatusUnknown', 'Unknown'])(
    'does not take the exit code of the status %s for an exit',
    (reason) => {
      const lost = pod({ phase: 'Failed', exit: { exitCode: reason === 'Unknown' ? 255 : 137, reason } })
      const judged = judge({ pod: lost, launcherStarted: true, output: { state: 'unread', problem: 'gone' } })
      expect(judged).toMatchObject({ verdict: 'decided', outcome: { kind: 'containerLost', exitCode: null } })
    },
  )

  it('ignores the end record of a container that kept running', () => {
    const stopped = 'unconfirmed_end' as const
    const ended = pod({ deleting: true, exit: { exitCode: 143 } })
    expect(judge({ pod: pod({ deleting: true }), end: end(), stopped })).toEqual({ verdict: 'undecided' })
    expect(judge({ pod: ended, end: end(), stopped })).toMatchObject({
      verdict: 'decided',
      outcome: { kind: 'signalled', exitCode: 143, notes: [expect.stringContaining('not believed')] },
    })
  })

  it.each([
    ['total_limit', 'total'],
    ['idle_limit', 'idle'],
  ] as const)('names the limit %s that the runner enforced itself', (stopped, limit) => {
    const ended = pod({ deleting: true, exit: { exitCode: 137 } })
    expect(judge({ pod: ended, stopped })).toMatchObject({ outcome: { kind: 'deadlineExceeded', limit } })
  })

  it('a pod within its grace period has not ended: its last output is still to come', () => {
    for (const disrupted of ['EvictionByEvictionAPI', 'PreemptionByScheduler']) {
      expect(judge({ pod: pod({ deleting: true, disrupted }) })).toEqual({ verdict: 'undecided' })
    }
    expect(judge({ pod: pod({ deleting: true }) })).toEqual({ verdict: 'undecided' })
    expect(judge({ pod: pod({ deleting: true }), cancel: { by: 'ada' } })).toEqual({ verdict: 'undecided' })
  })

  it('a pod on a tainted node counts as lost only when its grace period has passed without news', () => {
    expect(judge({ pod: pod({ deleting: true, disrupted: 'DeletionByTaintManager' }) })).toMatchObject({
      verdict: 'await',
      for: 'termination',
      waitSeconds: 35,
      outcome: { kind: 'nodeLost', exitCode: null },
    })
  })

  it('an end before the pod was deleted is judged by its exit', () => {
    const evidence = { pod: pod({ phase: 'Succeeded', exit: { exitCode: 0 }, deleting: true }), endedUndisturbed: true }
    expect(judge(evidence)).toMatchObject({ outcome: { kind: 'succeeded' } })
  })

  it('a Job deleted in the background leaves a pod to wait for', () => {
    const gone = { at: 1, by: 'watch' } as const
    expect(judge({ pod: pod({}), jobGone: gone })).toEqual({ verdict: 'undecided' })
    expect(judge({ pod: pod({ deleting: true }), jobGone: gone, podGone: gone })).toMatchObject({
      outcome: { kind: 'deletedExternally', seen: { what: 'job' } },
    })
  })

  it('a Job that vanishes before it had a pod was deleted', () => {
    expect(judge({ jobGone: { at: 9, by: 'read' } })).toMatchObject({
      outcome: { kind: 'deletedExternally', seen: { what: 'job', at: 9, by: 'read' }, exitCode: null },
    })
    expect(judge({ jobGone: { at: 9, by: 'watch' }, cancel: { by: 'ada' } })).toMatchObject({
      outcome: { kind: 'cancelled', by: 'ada' },
    })
  })

  it('a pod that vanishes while it runs was deleted, and its exit is unknown', () => {
    expect(judge({ pod: pod({}), podGone: { at: 3, by: 'watch' } })).toMatchObject({
      outcome: {
        kind: 'deletedExternally',
        exitCode: null,
        source: 'absence',
        seen: { what: 'pod', at: 3, by: 'watch' },
      },
    })
  })

  it('a terminal pod without a container status is lost', () => {
    const silent: Pod = {
      metadata: { name: 'p' },
      spec: { containers: [], nodeName: 'n' },
      status: { phase: 'Failed' },
    }
    expect(judge({ pod: silent })).toMatchObject({
      outcome: { kind: 'lost', known: expect.stringContaining('Failed') },
    })
  })

  it('a pod that was ended because it lingered after its work is a success', () => {
    const judged = judge({
      pod: pod({ deleting: true, phase: 'Failed', exit: { exitCode: 143 } }),
      stopped: 'lingering',
    })
    expect(judged).toMatchObject({ outcome: { kind: 'succeeded' } })
  })

  it('a Job that ended without a pod is lost, once the objects were read again', () => {
    const complete = job({
      status: { conditions: [{ type: 'Complete', status: 'True', reason: 'CompletionsReached' }] },
    })
    expect(judge({ job: complete })).toMatchObject({
      verdict: 'await',
      for: 'termination',
      outcome: { kind: 'lost', source: 'absence', known: expect.stringContaining('Complete') },
    })
    const late = job({ status: { conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] } })
    expect(judge({ job: late })).toMatchObject({
      for: 'termination',
      outcome: { kind: 'deadlineExceeded', limit: 'job' },
    })
  })

  it('a running pod has not ended, whatever its Job says', () => {
    const failed = job({
      status: { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'BackoffLimitExceeded' }] },
    })
    expect(judge({ pod: pod({}), job: failed })).toEqual({ verdict: 'undecided' })
  })
})
