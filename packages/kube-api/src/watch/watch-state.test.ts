import { describe, expect, it } from 'vitest'
import { KubeError, type KubeErrorInit } from '../kube-error.ts'
import { freshState, nextStep, type SessionEnd, type StepContext, type WatchState } from './watch-state.ts'
import { defaultTuning } from './watch-tuning.ts'

const context: StepContext = { name: 'jobs', livedMs: 10, wasOpen: true, tuning: defaultTuning, random: () => 1 }
const synced: WatchState = { ...freshState, version: '10', syncedAt: '10', relistAt: Infinity }
const failed = (init: Partial<KubeErrorInit>): SessionEnd => ({
  kind: 'failed',
  error: new KubeError({ code: 'server_error', message: 'no', retryable: true, ...init }),
})
const step = (state: WatchState, end: SessionEnd, change: Partial<StepContext> = {}) =>
  nextStep(state, end, { ...context, ...change })

describe('a first state that is requested by watch', () => {
  it.each<[string, Partial<KubeErrorInit>]>([
    ['403, as for a Role without watch', { status: 403, code: 'forbidden', retryable: false }],
    ['404', { status: 404, code: 'not_found', retryable: false }],
    ['405', { status: 405, code: 'unexpected_status', retryable: false }],
    ['406', { status: 406, code: 'unexpected_status', retryable: false }],
    ['500', { status: 500 }],
    ['503', { status: 503, code: 'unavailable' }],
    ['a redirect', { status: 302, code: 'unexpected_status', retryable: false }],
    ['a page of HTML', { status: 200, code: 'bad_response' }],
    ['an event that is too large', { code: 'response_too_large', retryable: false }],
    ['no headers in time', { code: 'timeout' }],
    ['a body that breaks', { code: 'connection' }],
  ])('is listed instead after %s, and that is reported', (_what, init) => {
    expect(step(freshState, failed(init))).toMatchObject({
      state: { start: 'list', version: undefined },
      waitMs: 0,
      problem: { code: init.code ?? 'server_error' },
    })
  })

  it.each([400, 422])('is listed without a report after %i: the server is older than WatchList', (status) => {
    const next = step(freshState, failed({ status, code: 'invalid', retryable: false }))
    expect(next.state.start).toBe('list')
    expect(next.problem).toBeUndefined()
  })

  it.each<[string, Partial<KubeErrorInit>, Partial<StepContext>]>([
    ['429', { status: 429, code: 'too_many_requests', retryAfterMs: 3_000 }, {}],
    ['410', { status: 410, code: 'gone', retryable: false }, {}],
    ['a connection that is refused', { code: 'connection' }, { wasOpen: false }],
  ])('is requested again in the same way after %s', (_what, init, change) => {
    const { state, waitMs, giveUp } = step(freshState, failed(init), change)
    expect(state).toMatchObject({ start: 'watch-list', failures: 1 })
    expect(waitMs).toBeGreaterThan(0)
    expect(giveUp).toBeUndefined()
  })

  it.each<[string, Partial<KubeErrorInit>]>([
    ['credentials that can never work', { code: 'credentials', retryable: false }],
    ['a server that is not trusted', { code: 'tls', retryable: false }],
    ['401', { status: 401, code: 'unauthorized', retryable: false }],
  ])('ends the watch after %s', (_what, init) => {
    expect(step(freshState, failed(init)).giveUp).toMatchObject({ code: init.code })
  })

  it('ends the watch when a refused list follows the refused watch', () => {
    const end = failed({ status: 403, code: 'forbidden', retryable: false })
    expect(step(step(freshState, end).state, end).giveUp).toMatchObject({ code: 'forbidden' })
  })

  it('ends the watch when an exec plugin has failed five times', () => {
    let state = freshState
    for (let failure = 1; failure < 5; failure += 1) {
      const next = step(state, failed({ code: 'credentials' }), { wasOpen: false })
      expect(next.giveUp).toBeUndefined()
      state = next.state
    }
    expect(step(state, failed({ code: 'credentials' })).giveUp).toMatchObject({ code: 'credentials' })
  })
})

describe('a watch of a known state', () => {
  it('continues at its version after a refusal, and is listed again after five in a row', () => {
    let state = synced
    for (let refusal = 1; refusal <= 5; refusal += 1) {
      expect(state.version).toBe('10')
      state = step(state, failed({ status: 403, code: 'forbidden', retryable: false })).state
    }
    expect(state.version).toBeUndefined()
  })

  it('is listed again after a line that cannot be read', () => {
    expect(step(synced, failed({ code: 'bad_response' })).state.version).toBeUndefined()
  })

  it('is followed by a new first state when its link has died', () => {
    const { state, problem } = step(synced, { kind: 'interrupted', why: 'silent' })
    expect(state).toMatchObject({ isBuffered: false, version: undefined, start: 'watch-list' })
    expect(problem).toMatchObject({ code: 'timeout' })
  })

  it.each<[string, WatchState, SessionEnd]>([
    ['no byte of a first state', freshState, { kind: 'interrupted', why: 'silent' }],
    ['no byte after a list', { ...synced, start: 'list' }, { kind: 'interrupted', why: 'silent' }],
    ['no headers in time', synced, failed({ code: 'timeout' })],
    ['no headers of a first state in time', freshState, failed({ code: 'timeout' })],
  ])('is cut short after %s, as a proxy may hold bodies back until their end', (_what, before, end) => {
    const { state, problem } = step(before, end)
    expect(state).toMatchObject({ isBuffered: true, version: undefined })
    expect(problem).toMatchObject({ code: 'timeout' })
  })

  it('may be long again after the periodic list', () => {
    const end: SessionEnd = { kind: 'interrupted', why: 'relist due' }
    const { state, problem } = step({ ...synced, isBuffered: true }, end)
    expect(state.isBuffered).toBe(false)
    expect(problem).toBeUndefined()
  })

  it('waits at most two minutes for a server that asks for a day', () => {
    const { waitMs } = step(synced, failed({ status: 429, code: 'too_many_requests', retryAfterMs: 86_400_000 }))
    expect(waitMs).toBeGreaterThanOrEqual(120_000)
    expect(waitMs).toBeLessThanOrEqual(130_000)
  })

  it('waits longer after each failure, up to a bound, and starts again after a healthy one', () => {
    const waits: number[] = []
    let state = synced
    for (let failure = 0; failure < 8; failure += 1) {
      const next = step(state, failed({ code: 'connection' }))
      waits.push(next.waitMs)
      state = next.state
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
    expect(step(state, failed({ code: 'connection' }), { livedMs: 5_000 }).waitMs).toBe(200)
    expect(step(state, { kind: 'ended' }, { livedMs: 5_000 })).toMatchObject({ waitMs: 0, state: { failures: 0 } })
  })

  it('pauses instead of retrying at once', () => {
    expect(step(synced, { kind: 'ended' }).waitMs).toBe(200)
  })

  it('is listed again at once when its version is too old, and after a pause when there is none', () => {
    const end = failed({ status: 410, code: 'gone', retryable: false })
    const next = step(synced, end)
    expect(next).toMatchObject({ waitMs: 0, problem: { code: 'gone' }, state: { version: undefined, syncedAt: '10' } })
    expect(step(next.state, end)).toMatchObject({ waitMs: 200, problem: { code: 'gone' }, state: { failures: 1 } })
  })

  it('continues at its version after a clean end, and is listed when the end came before any state', () => {
    expect(step(synced, { kind: 'ended' }).state).toMatchObject({ start: 'watch-list', version: '10' })
    expect(step(freshState, { kind: 'ended' }).state.start).toBe('list')
  })

  it('keeps its version after a gateway timeout, which is an answer', () => {
    const { state } = step(synced, failed({ status: 504, code: 'timeout' }))
    expect(state).toMatchObject({ version: '10', isBuffered: false, refusals: 1 })
  })

  it('counts only answers as refusals', () => {
    expect(step(synced, failed({ code: 'bad_response' })).state.refusals).toBe(1)
    expect(step(synced, failed({ code: 'connection' })).state.refusals).toBe(0)
  })

  it('never gives up once it has had a state, nor for a server that is away', () => {
    let [state, early] = [synced, freshState]
    for (let failure = 0; failure < 20; failure += 1) {
      const [late, first] = [failed({ code: 'tls', retryable: false }), failed({ code: 'connection' })]
      const next = [step(state, late), step(early, first, { wasOpen: false })] as const
      expect(next.map(({ giveUp }) => giveUp)).toEqual([undefined, undefined])
      ;[state, early] = [next[0].state, next[1].state]
    }
  })

  it('reports what was silent, and that it continues', () => {
    const first = step(freshState, { kind: 'interrupted', why: 'silent' })
    expect(first.state.start).toBe('list')
    expect(first.problem).toMatchObject({
      retryable: true,
      message: expect.stringContaining('The watch of jobs did not tell its whole state in time.') as string,
    })
    const later = step(synced, { kind: 'interrupted', why: 'silent' })
    expect(later.problem?.message).toContain('brought no byte for 90000 ms')
    expect(step({ ...synced, start: 'list' }, { kind: 'interrupted', why: 'relist due' }).state.isBuffered).toBe(false)
  })
})
