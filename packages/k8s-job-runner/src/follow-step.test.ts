import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import { followSettings, type FollowSettings } from './follow-settings.ts'
import { firstState, followStep, type Effect, type FollowState } from './follow-step.ts'
import type { Pod } from './kubernetes.ts'
import { frames } from '../test/support/world.ts'

const patience = { endMs: 10_000, eventsMs: 2_000, silenceMs: 1, drainMs: 1 }
const base: FollowSettings = { ...followSettings(frames([]), 'secret'), hangAfterFinishMs: 5_000 }
const marginMs = 15_000

function pod(state: object, more: object = {}): Pod {
  return {
    metadata: { name: 'p', uid: 'p1', ...more },
    spec: { nodeName: 'n', containers: [{ name: 'main' }] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      containerStatuses: [{ name: 'main', state }],
    },
  } as unknown as Pod
}
const running = pod({ running: {} })

interface Moment {
  at: number
  evidence?: Partial<Evidence>
  settings?: Partial<FollowSettings>
  lastOutputAt?: number
  state?: Partial<FollowState>
}

/** Runs the steps at these times and returns the last one. */
function walk(...moments: Moment[]) {
  let state: FollowState = firstState(0)
  let last
  for (const { at, evidence = {}, settings = {}, lastOutputAt = 0, state: given = {} } of moments) {
    last = followStep(
      { ...state, ...given },
      {
        evidence: { container: 'main', ...evidence },
        now: at,
        settings: { ...base, ...settings },
        patience,
        lastOutputAt,
      },
    )
    state = last.state
  }
  if (last === undefined) throw new Error('expected at least one moment')
  return last
}
const does = (effects: readonly Effect[]) =>
  effects.filter((effect) => effect.do !== 'phase' && effect.do !== 'read_output')

describe('a run that is being followed', () => {
  it('has its output read as soon as its container has started', () => {
    expect(walk({ at: 0, evidence: { pod: pod({ waiting: {} }) } }).effects).not.toContainEqual({
      do: 'read_output',
      pod: 'p',
    })
    expect(walk({ at: 0, evidence: { pod: running } }).effects).toContainEqual({ do: 'read_output', pod: 'p' })
  })

  it('needs no wake-up while it runs without a limit', () => {
    expect(walk({ at: 0, evidence: { pod: running } }).wakeAt).toBe(Infinity)
  })

  it('has its Events read once nothing else explains why it does not start', () => {
    expect(walk({ at: 0 })).toMatchObject({ wakeAt: 2_000 })
    expect(does(walk({ at: 0 }, { at: 2_000 }).effects)).toEqual([{ do: 'ask_events' }])
  })

  it('waits for the container of an end record, and then has the pod stopped', () => {
    const end = { exitCode: 0, signal: null, stoppedBy: null }
    const evidence = { pod: running, end }
    expect(walk({ at: 100, evidence })).toMatchObject({ wakeAt: 10_100 })
    const late = walk({ at: 100, evidence }, { at: 10_100, evidence })
    expect(does(late.effects)).toEqual([{ do: 'confirm', expected: { kind: 'stop', reason: 'unconfirmed_end' } }])
    const ended = walk({ at: 100, evidence }, { at: 600, evidence: { end, pod: pod({ terminated: { exitCode: 0 } }) } })
    expect(does(ended.effects)).toMatchObject([{ do: 'decide', outcome: { kind: 'succeeded' } }])
  })

  it('has the end of its container proven once, while it waits for the status', () => {
    const end = { exitCode: 0, signal: null, stoppedBy: null }
    const evidence = { pod: running, end }
    expect(does(walk({ at: 100, evidence }).effects)).toEqual([{ do: 'prove_end' }])
    expect(does(walk({ at: 100, evidence }, { at: 200, evidence }).effects)).toEqual([])
    const proven = walk({ at: 100, evidence }, { at: 200, evidence: { ...evidence, endProven: true } })
    expect(does(proven.effects)).toMatchObject([{ do: 'decide', outcome: { kind: 'succeeded' } }])
  })

  it('needs no proof of the end where only the status can explain a kill', () => {
    const evidence = { pod: running, end: { exitCode: null, signal: 'SIGKILL', stoppedBy: null } }
    expect(does(walk({ at: 100, evidence }).effects)).toEqual([])
  })

  it('waits for the output of an ended container for as long as it is read', () => {
    const evidence = { pod: pod({ terminated: { exitCode: 3 } }), output: { state: 'reading' } as const }
    const step = walk({ at: 0, evidence }, { at: 500_000, evidence })
    expect(step.wakeAt).toBe(Infinity)
    expect(step.effects).toContainEqual({
      do: 'phase',
      phase: 'stopping',
      message: 'The container has ended; reading the rest of its output',
    })
  })
})

describe('a limit that the launcher does not enforce', () => {
  it.each([
    ['total_limit', { settings: { totalMs: 60_000 } }, 60_000 + marginMs],
    ['idle_limit', { settings: { idleMs: 30_000 }, lastOutputAt: 4_000 }, 34_000 + marginMs],
    ['lingering', { state: { finishedAt: 2_000 } }, 7_000 + marginMs],
  ] as const)('(%s) has the pod stopped after its margin', (reason, moment, dueAt) => {
    const evidence = { pod: running }
    const before = walk({ at: 0, evidence, ...moment }, { at: dueAt - 1, evidence, ...moment })
    expect(does(before.effects)).toEqual([])
    expect(before.wakeAt).toBe(dueAt)
    const step = walk({ at: 0, evidence, ...moment }, { at: dueAt, evidence, ...moment })
    expect(does(step.effects)).toEqual([{ do: 'confirm', expected: { kind: 'stop', reason } }])
  })

  it('is not enforced in a pod that is stopped already, by the runner or by someone else', () => {
    const settings = { totalMs: 1 }
    const stopped = walk({
      at: 90_000,
      evidence: { pod: running, stopped: 'total_limit' },
      settings,
      state: { runningSince: 0 },
    })
    expect(does(stopped.effects)).toEqual([])
    const deleted = pod({ running: {} }, { deletionTimestamp: '2026-01-01T00:00:00Z' })
    expect(
      does(walk({ at: 90_000, evidence: { pod: deleted }, settings, state: { runningSince: 0 } }).effects),
    ).toEqual([])
  })

  it('never stops a run that has none', () => {
    expect(does(walk({ at: 0, evidence: { pod: running } }, { at: 1e9, evidence: { pod: running } }).effects)).toEqual(
      [],
    )
  })
})

describe('a confirmation', () => {
  const evidence = { pod: running }
  const settings = { totalMs: 1 }
  const due = { at: 50_000, evidence, settings, state: { runningSince: 0 } }

  it('is requested once at a time', () => {
    const first = walk(due)
    expect(first.state.confirming).toBe(true)
    expect(does(walk(due, { ...due, state: {} }).effects)).toEqual([])
  })

  it('that failed is retried, but not before its time', () => {
    const failed = { confirming: false, notBefore: 55_000 }
    expect(walk(due, { ...due, state: failed })).toMatchObject({ wakeAt: 55_000 })
    expect(does(walk(due, { ...due, at: 54_999, state: failed }).effects)).toEqual([])
    expect(does(walk(due, { ...due, at: 55_000, state: failed }).effects)).toHaveLength(1)
  })
})
