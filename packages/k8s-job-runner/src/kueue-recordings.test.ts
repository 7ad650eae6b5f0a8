import { describe, expect, it } from 'vitest'
import { kueueCases, kueueChanges, kueueFile, kueueJobs } from '../test/support/read-kueue.ts'
import { frames } from '../test/support/world.ts'
import { followSettings } from './follow-settings.ts'
import { firstState, followStep } from './follow-step.ts'
import type { Job } from './kubernetes.ts'
import type { Outcome } from './outcome.ts'
import { positionOf, readWorkload } from './queue-report.ts'
import { gatherEvidence } from './run-evidence.ts'

const patience = { endMs: 10_000, eventsMs: 2_000, silenceMs: 1, drainMs: 1 }

/** Follows a recorded Job to its outcome, as `followRun` does, with all its output read. */
function follow(name: string, job: string) {
  const changes = kueueChanges(name, job)
  const first = changes.find((change) => change.of === 'job')?.object as Job
  const gathered = gatherEvidence('agent', first, () => 0)
  const { evidence } = gathered
  const settings = { ...followSettings(frames([], { queue: { name: 'team' } }), 'secret'), container: 'agent' }
  let state = firstState(0)
  let outcome: Outcome | undefined
  const phases: string[] = []
  const pods = new Set<string | undefined>()
  const guards = new Set<string>()
  for (const [index, change] of changes.entries()) {
    if (change.of === 'workload') evidence.queue = { kind: 'report', report: readWorkload(change.object) }
    else gathered.see(change)
    // The launcher of a real run would have reported; here there is only the status.
    if (evidence.pod !== undefined) evidence.output = { state: 'unread', problem: 'it was not recorded' }
    const step = followStep(state, { evidence, now: index, settings, patience, lastOutputAt: 0 })
    ;({ state } = step)
    for (const effect of step.effects) {
      if (effect.do === 'phase') phases.push(`${effect.phase}: ${effect.message}`)
      if (effect.do === 'read_output') pods.add(effect.pod)
      if (effect.do === 'seal' || effect.do === 'forbid_restart') guards.add(effect.do)
      if (effect.do === 'decide') outcome ??= effect.outcome
    }
    if (outcome !== undefined) break
  }
  return { outcome, phases, pods, guards }
}

const succeeded = { kind: 'succeeded' }
const preempted = { kind: 'preempted', by: 'queue' }
const deleted = { kind: 'deletedExternally' }
const guarded = ['seal', 'forbid_restart']

interface Expected {
  /** Undefined while the run still waits. */
  outcome: object | undefined
  /** Kueue's reason for the end. */
  reason?: string
  /** What the run reports while it waits. */
  waits?: RegExp
  guards?: string[]
}

/** What each recorded Job is to the runner: one entry for each Job of each case. */
const expected: Record<string, Record<string, Expected>> = {
  admitted: { admitted: { outcome: succeeded } },
  queued: { first: { outcome: succeeded }, queued: { outcome: succeeded, waits: /insufficient unused quota for cpu/ } },
  preempted: { low: { outcome: preempted, reason: 'Preempted', guards: guarded }, high: { outcome: succeeded } },
  'preempted-exit0': {
    low: { outcome: preempted, reason: 'Preempted', guards: guarded },
    high: { outcome: succeeded },
  },
  'preempted-ignores-term': {
    low: { outcome: preempted, reason: 'Preempted', guards: guarded },
    high: { outcome: succeeded },
  },
  'preempted-twice': {
    low: { outcome: preempted, reason: 'Preempted', guards: guarded },
    'high-1': { outcome: succeeded },
    'high-2': { outcome: succeeded },
  },
  'preempted-deadline': {
    low: { outcome: preempted, reason: 'Preempted', guards: guarded },
    high: { outcome: succeeded },
  },
  'queue-stopped': { stopped: { outcome: preempted, reason: 'ClusterQueueStopped', guards: guarded } },
  deactivated: { deactivated: { outcome: preempted, reason: 'Deactivated', guards: guarded } },
  'max-exec-time': {
    slow: { outcome: preempted, reason: 'DeactivatedDueToMaximumExecutionTimeExceeded', guards: guarded },
  },
  'queue-missing': { 'queue-missing': { outcome: undefined, waits: /LocalQueue absent doesn't exist/, guards: [] } },
  'too-big': { 'too-big': { outcome: undefined, waits: /maximum capacity/, guards: [] } },
  'suspended-by-user': { user: { outcome: preempted, reason: 'Suspended', guards: guarded } },
  // Its pod never had a node, so the run goes back to its place in the queue.
  'unsuspended-by-user': {
    first: { outcome: succeeded },
    queued: { outcome: succeeded, waits: /insufficient unused/ },
  },
  'deleted-while-queued': {
    first: { outcome: succeeded },
    queued: { outcome: deleted, waits: /insufficient/, guards: [] },
  },
  'deleted-while-admitted': { running: { outcome: deleted }, next: { outcome: succeeded } },
  failed: { failed: { outcome: { kind: 'exited', exitCode: 3 } } },
}

const jobs = Object.entries(expected).flatMap(([name, cases]) =>
  Object.entries(cases).map(([job, wanted]) => Object.assign({ name, job }, wanted)),
)

describe('a Job that a real Kueue has handled', () => {
  it('is in exactly one row of this table', () => {
    const recorded = kueueCases.filter((name) => name !== 'webhook-down')
    const all = recorded.flatMap((name) => kueueJobs(name).map((job) => `${name}/${job}`))
    expect(jobs.map(({ name, job }) => `${name}/${job}`).toSorted()).toEqual(all.toSorted())
  })

  it.each(jobs)('($name, $job) has the outcome that its first pod gives it', (row) => {
    const { outcome, phases, pods, guards } = follow(row.name, row.job)
    const { reason = outcome?.reason, waits = /(?:)/, guards: wanted = ['seal'] } = row
    expect(outcome ?? {}).toMatchObject(row.outcome ?? {})
    expect({ ended: outcome !== undefined, reason: outcome?.reason }).toEqual({
      ended: row.outcome !== undefined,
      reason,
    })
    expect(phases.filter((phase) => phase.startsWith('queued: Waiting in queue team')).join('\n')).toMatch(waits)
    expect(pods.size).toBeLessThanOrEqual(1)
    expect([...guards]).toEqual(wanted)
  })

  it('counts its start budget from its admission', () => {
    const first = kueueChanges('queued', 'queued').find(({ of }) => of === 'job')?.object as Job
    const { evidence } = gatherEvidence('agent', first, () => 0)
    const settings = followSettings(frames([], { queue: { name: 'team' }, start: { budgetSeconds: 10 } }), 'secret')
    const view = (now: number) => ({ evidence, now, settings, patience, lastOutputAt: 0 })
    const waiting = followStep(firstState(0), view(3_600_000))
    expect(waiting.wakeAt).toBe(Infinity)
    evidence.job = { ...first, spec: { ...first.spec, suspend: false } } as Job
    const admitted = followStep(waiting.state, view(3_601_000))
    expect(admitted.effects.filter(({ do: what }) => what === 'confirm' || what === 'decide')).toEqual([])
    expect(followStep(admitted.state, view(3_611_000)).effects).toContainEqual(
      expect.objectContaining({ do: 'confirm' }),
    )
  })

  it('gets its position in the queue from the visibility API', () => {
    const answer: unknown = JSON.parse(kueueFile('queued/visibility.json'))
    expect(positionOf(answer, 'job-queued-7d5f1')).toBe(1)
    expect(positionOf(answer, 'another')).toBeUndefined()
    expect(positionOf({ items: 'none' }, 'job-queued-7d5f1')).toBeUndefined()
  })
})
