import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StepEntry } from './agent-steps.ts'
import { createRunTracer, disabledTracer, type RunTrace, type TraceEnd } from './run-tracer.ts'
import type { SpanContext, SpanData } from './span-data.ts'
import { readTraceparent, traceIdOf } from './trace-ids.ts'
import { readTraceRecord } from './trace-record.ts'

const runId = '3fa85f64-5717-4562-b3fc-2c963f66afa6'
const parent: SpanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true }
const end: TraceEnd = { attributes: {}, error: null, phases: [], agentStartedAt: null, adopted: null }

function world({ sink }: { sink?: () => Promise<void> } = {}) {
  const batches: (readonly SpanData[])[] = []
  const errors: unknown[] = []
  let time = 1_000
  const tracer = createRunTracer({
    sink: async (spans) => {
      if (sink !== undefined) await sink()
      batches.push(spans)
    },
    now: () => time,
    onError: (error) => void errors.push(error),
  })
  const begin = (change: { runId?: string; parent?: SpanContext | null } = {}): RunTrace =>
    tracer.begin({ runId, parent: null, attributes: { 'agent_jobs.run.id': change.runId ?? runId }, ...change })
  return { begin, batches, errors, at: (ms: number) => void (time = ms) }
}

/** The names of spans as a tree, and those whose parent is missing. */
function tree(spans: readonly SpanData[]) {
  const nameOf = new Map(spans.map((span) => [span.context.spanId, span.name]))
  return {
    edges: spans.map(({ name, parent: above }) => [above === null ? null : (nameOf.get(above.spanId) ?? '?'), name]),
    traces: new Set(spans.map(({ context }) => context.traceId)).size,
    ids: new Set(spans.map(({ context }) => context.spanId)).size,
  }
}

describe('the trace of a run', () => {
  it('has one span for the run, its phases, its agent, and the turns and tools of the agent', () => {
    const { begin, batches, at } = world()
    const trace = begin()
    at(1_100)
    trace.waiting(true)
    at(1_400)
    trace.waiting(false)
    trace.step({ kind: 'assistant', text: 'I look' }, 2_000)
    trace.step({ kind: 'tool_call', name: 'Bash', toolUseId: 't1' }, 2_100)
    trace.step({ kind: 'tool_result', toolUseId: 't1', isError: true }, 2_900)
    trace.step({ kind: 'assistant', text: 'Done' }, 3_500)
    at(4_000)
    trace.ended({ ...end, phases: [{ name: 'start', startedAt: 1_400, endedAt: 1_900 }], agentStartedAt: 1_900 })
    expect(batches).toHaveLength(1)
    const [spans = []] = batches
    expect(tree(spans)).toEqual({
      edges: [
        [null, 'agent_jobs.run'],
        ['agent_jobs.run', 'agent_jobs.wait'],
        ['agent_jobs.run', 'agent_jobs.start'],
        ['agent_jobs.run', 'agent_jobs.agent'],
        ['agent_jobs.agent', 'agent_jobs.turn'],
        ['agent_jobs.turn', 'agent_jobs.tool'],
        ['agent_jobs.agent', 'agent_jobs.turn'],
      ],
      traces: 1,
      ids: 7,
    })
    const tool = spans.find(({ name }) => name === 'agent_jobs.tool')
    expect(tool).toMatchObject({ startedAt: 2_100, endedAt: 2_900, attributes: { 'gen_ai.tool.name': 'Bash' } })
    expect(tool?.error).not.toBeNull()
    expect(spans.filter(({ name }) => name === 'agent_jobs.turn')).toMatchObject([
      { startedAt: 2_000, endedAt: 2_900 },
      { startedAt: 2_900, endedAt: 3_500 },
    ])
    expect(spans[0]).toMatchObject({ startedAt: 1_000, endedAt: 4_000 })
  })

  it("has the run's id where the run has no parent, and continues the trace of its parent otherwise", () => {
    const { begin, batches } = world()
    begin().ended(end)
    begin({ parent }).ended(end)
    expect(batches.flat()).toMatchObject([
      { context: { traceId: runId.replaceAll('-', '') }, parent: null },
      { context: { traceId: parent.traceId }, parent },
    ])
  })

  it('is continued by the agent below the span of its process', () => {
    const { begin, batches } = world()
    const trace = begin({ parent })
    trace.ended({ ...end, agentStartedAt: 1_000 })
    const agent = batches.flat().find(({ name }) => name === 'agent_jobs.agent')
    expect(readTraceparent(trace.agent?.traceparent)).toEqual(agent?.context)
  })

  it('is not recorded, here and in the agent, where its parent is not', () => {
    const { begin, batches } = world()
    const trace = begin({ parent: { ...parent, sampled: false } })
    trace.ended({ ...end, agentStartedAt: 1_000 })
    expect(batches).toEqual([])
    expect(trace.agent?.traceparent).toMatch(/-00$/)
  })

  it('ends once', () => {
    const { begin, batches } = world()
    const trace = begin()
    trace.ended(end)
    trace.ended(end)
    expect(batches).toHaveLength(1)
  })

  it('takes what ended after it', () => {
    const { begin, batches } = world()
    const trace = begin()
    trace.ended(end)
    trace.after({ name: 'clean_up', startedAt: 1_000, endedAt: 1_700 })
    expect(tree(batches.flat()).edges).toEqual([
      [null, 'agent_jobs.run'],
      ['agent_jobs.run', 'agent_jobs.clean_up'],
    ])
  })

  it('reports spans that are lost once, until others arrive', async () => {
    let fails = true
    const { begin, errors } = world({
      sink: async () => {
        if (fails) throw new Error('refused')
      },
    })
    const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
    for (const state of [true, true, false, true]) {
      fails = state
      begin().ended(end)
      await settle()
    }
    expect(errors).toHaveLength(2)
  })
})

describe('a run that adopted a Job', () => {
  it('reports the run that it replaces under its own ids, and both are linked', () => {
    const first = world()
    const killed = first.begin({ parent })
    const record = killed.agent?.record
    const second = world()
    second.at(9_000)
    const adopter = second.begin({ runId: 'b-run' })
    const identity = readTraceRecord(runId, record)
    adopter.step({ kind: 'assistant', text: 'Hello' }, 2_000)
    second.at(10_000)
    adopter.ended({ ...end, agentStartedAt: 1_500, adopted: { identity } })
    const spans = second.batches.flat()
    const [adopting, replaced, agent, turn] = spans
    expect(spans).toHaveLength(4)
    expect(adopting).toMatchObject({ parent: null, context: { traceId: traceIdOf('b-run') } })
    expect(adopting?.links).toMatchObject([{ context: replaced?.context }])
    expect(replaced?.links).toMatchObject([{ context: adopting?.context }])
    expect(replaced).toMatchObject({ parent, startedAt: 1_000, endedAt: 10_000 })
    expect(replaced?.attributes).toMatchObject({ 'agent_jobs.run.id': runId, 'agent_jobs.reported_by': 'b-run' })
    // The agent in the pod still uses the variable that it was started with.
    expect(agent?.context).toEqual(readTraceparent(killed.agent?.traceparent))
    expect([agent?.parent, turn?.parent]).toEqual([replaced?.context, agent?.context])
  })

  it('owns the agent when the run before was not traced', () => {
    const { begin, batches } = world()
    begin().ended({ ...end, agentStartedAt: 1_000, adopted: { identity: null } })
    expect(tree(batches.flat()).edges).toEqual([
      [null, 'agent_jobs.run'],
      ['agent_jobs.run', 'agent_jobs.agent'],
    ])
  })
})

describe('the record on a Job', () => {
  it.each([
    undefined,
    '',
    '{',
    'null',
    '[]',
    '{"parent":null}',
    '{"parent":null,"beganAt":-1}',
    '{"parent":"00-00000000000000000000000000000000-bbbbbbbbbbbbbbbb-01","beganAt":1}',
    '{"parent":7,"beganAt":1}',
    `{"parent":null,"beganAt":1,"x":"${'x'.repeat(500)}"}`,
  ])('is ignored when it is %s', (text) => {
    expect(readTraceRecord(runId, text)).toBeNull()
  })
})

describe('the steps of an agent', () => {
  it('begin before a call that is printed together with its result', () => {
    const { begin, batches } = world()
    const trace = begin()
    trace.step({ kind: 'assistant', text: 'I look' }, 2_000)
    trace.step({ kind: 'tool_call', name: 'read', toolUseId: 't1' }, 2_600)
    trace.step({ kind: 'tool_result', toolUseId: 't1' }, 2_600)
    trace.ended({ ...end, agentStartedAt: 1_000 })
    expect(batches.flat().find(({ name }) => name === 'agent_jobs.tool')).toMatchObject({
      startedAt: 2_000,
      endedAt: 2_600,
    })
  })

  it('form one tree that ends after it starts, and are bounded, whatever is printed', () => {
    const entry: fc.Arbitrary<StepEntry> = fc.record({
      kind: fc.constantFrom('assistant', 'thinking', 'tool_call', 'tool_result', 'result', 'system', '__proto__'),
      name: fc.anything(),
      toolUseId: fc.oneof(fc.constantFrom('1', '2', '3'), fc.anything()),
      isError: fc.anything(),
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(entry, fc.integer({ min: -1e6, max: 1e6 })), { maxLength: 50 }), (entries) => {
        const { begin, batches } = world()
        const trace = begin()
        for (const [each, at] of entries) trace.step(each, at)
        trace.ended({ ...end, agentStartedAt: 1_000 })
        const spans = batches.flat()
        const { edges, ids, traces } = tree(spans)
        expect(edges.filter(([above]) => above === '?')).toEqual([])
        expect([ids, traces]).toEqual([spans.length, 1])
        expect(spans.filter(({ startedAt, endedAt }) => !(endedAt >= startedAt))).toEqual([])
      }),
    )
  })

  it('are at most 1,000, and the rest is counted', () => {
    const { begin, batches } = world()
    const trace = begin()
    for (let at = 0; at < 1_500; at += 1) {
      trace.step({ kind: 'tool_call', name: 'x'.repeat(1_000), toolUseId: `${at}` }, at)
      trace.step({ kind: 'tool_result', toolUseId: `${at}` }, at)
    }
    trace.ended({ ...end, agentStartedAt: 0 })
    const spans = batches.flat()
    expect(spans).toHaveLength(1_002)
    expect(spans[1]?.attributes).toEqual({ 'agent_jobs.dropped_steps': 2_000 })
    expect(Math.max(...spans.map(({ attributes }) => String(attributes['gen_ai.tool.name'] ?? '').length))).toBe(64)
  })
})

describe('the tracer that is off', () => {
  it('gives agents nothing and takes everything', () => {
    const trace = disabledTracer.begin({ runId, parent, attributes: {} })
    trace.waiting(true)
    trace.step({ kind: 'assistant' }, 1)
    trace.ended(end)
    trace.after({ name: 'clean_up', startedAt: 1, endedAt: 2 })
    expect([disabledTracer.enabled, trace.agent]).toEqual([false, null])
  })
})
