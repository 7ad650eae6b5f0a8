import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createRunTracer, disabledTracer, readTraceparent, type RunTracer, type SpanData } from '@agent-jobs/tracing'
import { kinds } from '@agent-jobs/kube-api'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import { silentObserver } from './process-observer.ts'
import { freshState } from '../restart/process-state.ts'

/** Prints its telemetry variables, then waits until a file exists, then calls a tool. */
const script = `
import { existsSync, watch } from 'node:fs'
import { dirname } from 'node:path'
const telemetry = Object.entries(process.env).filter(([name]) => /^(OTEL_|TRACEPARENT|TELEMETRY)/.test(name))
console.log('variables ' + JSON.stringify(Object.fromEntries(telemetry)))
const { GATE } = process.env
if (GATE && !existsSync(GATE)) await new Promise((resolve) => {
  const watcher = watch(dirname(GATE), () => { if (existsSync(GATE)) { watcher.close(); resolve() } })
  if (existsSync(GATE)) { watcher.close(); resolve() }
})
console.log('call')
console.log('answer')
`
const definition: AgentDefinition = {
  ...scriptAgent(script),
  telemetryEnv: { TELEMETRY_ON: '1' },
  transcript: (line) =>
    line === 'call'
      ? [{ kind: 'tool_call', name: 'Bash', toolUseId: 't' }]
      : line === 'answer'
        ? [{ kind: 'tool_result', toolUseId: 't' }]
        : [],
}
const withResult: AgentDefinition = {
  ...definition,
  createParser() {
    const parser = definition.createParser()
    return { ...parser, end: () => ({ ...parser.end(), finished: true, result: 'done' }) }
  },
}

describe('the traces of an adapter', () => {
  let cluster: ScriptCluster
  beforeAll(async () => {
    cluster = await startScriptCluster()
  })
  afterAll(() => cluster.close())

  /** A server process with its own memory. */
  function server({ traced = true, env = {} }: { traced?: boolean; env?: Record<string, string> } = {}) {
    const spans: SpanData[] = []
    const arrived = new Map<string, PromiseWithResolvers<SpanData>>()
    const waitFor = (name: string) => {
      const waiting = arrived.get(name) ?? Promise.withResolvers<SpanData>()
      arrived.set(name, waiting)
      return waiting.promise
    }
    const tracer: RunTracer = traced
      ? createRunTracer({
          sink: async (batch) => {
            spans.push(...batch)
            for (const span of batch) {
              void waitFor(span.name)
              arrived.get(span.name)?.resolve(span)
            }
          },
          now: () => Date.now(),
          onError: (error) => {
            throw error
          },
        })
      : disabledTracer
    const requests: string[] = []
    const observer = {
      ...silentObserver,
      requested: ({ method, path }: { method: string; path: string }) =>
        void requests.push(`${method} ${path.split('?')[0]?.replaceAll(/[0-9a-f]{6,}[^/]*/g, '#')}`),
    }
    const deps = systemDependencies({
      env: { ...process.env, ...cluster.env, ...env },
      records: () => null,
      state: freshState(),
      clusters: createClusterPool({ env: cluster.env, observer }),
      tracer,
    })
    const heard = Promise.withResolvers<void>()
    async function run(
      change: Parameters<typeof paperclipContext>[0] & { trace?: AdapterExecutionContext['startupTraceContext'] },
    ) {
      const { config, trace, ...rest } = change
      const { ctx, told } = paperclipContext({
        runId: randomUUID(),
        agentId: randomUUID(),
        ...rest,
        config: cluster.config({ paperclipProxy: false, ...config }),
        onLog: async (_stream, chunk) => {
          if (chunk.startsWith('variables')) heard.resolve()
        },
      })
      const result = await createAdapter(withResult, deps).execute(
        trace === undefined ? ctx : { ...ctx, startupTraceContext: trace },
      )
      const [, variables = '{}'] = /variables (.*)/.exec(told.log.map(({ chunk }) => chunk).join('')) ?? []
      return { result, ctx, variables: JSON.parse(variables) as Record<string, string> }
    }
    return { spans, waitFor, run, heard: heard.promise, deps, requests }
  }

  it('show one trace from the Job to the last tool call, which the agent continues', async () => {
    const { spans, run, waitFor } = server()
    const { ctx, variables } = await run({})
    await waitFor('agent_jobs.clean_up')
    const ids = new Map(spans.map(({ context, name }) => [context.spanId, name]))
    expect(spans.map(({ name, parent }) => [parent === null ? null : ids.get(parent.spanId), name])).toEqual([
      [null, 'agent_jobs.run'],
      ['agent_jobs.run', 'agent_jobs.schedule'],
      ['agent_jobs.run', 'agent_jobs.start'],
      ['agent_jobs.run', 'agent_jobs.first_line'],
      ['agent_jobs.run', 'agent_jobs.agent'],
      ['agent_jobs.agent', 'agent_jobs.turn'],
      ['agent_jobs.turn', 'agent_jobs.tool'],
      ['agent_jobs.run', 'agent_jobs.clean_up'],
    ])
    expect(new Set(spans.map(({ context }) => context.traceId))).toEqual(new Set([ctx.runId.replaceAll('-', '')]))
    const agent = spans.find(({ name }) => name === 'agent_jobs.agent')
    expect(readTraceparent(variables['TRACEPARENT'])).toEqual(agent?.context)
    expect(spans[0]?.attributes).toMatchObject({ 'agent_jobs.run.id': ctx.runId, 'agent_jobs.outcome': 'succeeded' })
  })

  it('cost no request to the Kubernetes API', async () => {
    const requestsOf = async (traced: boolean) => {
      const { run, deps, requests } = server({ traced })
      await run({})
      await deps.clusters.close()
      // How often a log is opened depends on the moment at which its container starts.
      return requests.filter((each) => !each.endsWith('/log')).toSorted()
    }
    expect(await requestsOf(true)).toEqual(await requestsOf(false))
  })

  it('give the agent nothing, and its Job nothing, when they are off', async () => {
    const { run } = server({ traced: false })
    const { variables } = await run({})
    expect(variables).toEqual({})
  })

  it('tell agents where to send their own spans only where the operator says so, and nothing of the server itself', async () => {
    const { run } = server({
      env: {
        AGENT_JOBS_AGENT_OTLP_ENDPOINT: 'http://collector:4318',
        OTEL_SERVICE_NAME: 'paperclip',
        OTEL_RESOURCE_ATTRIBUTES: 'service.version=1',
        OTEL_EXPORTER_OTLP_HEADERS: 'key=secret',
        TRACEPARENT: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
      },
    })
    const { variables, ctx } = await run({})
    expect(variables).toEqual({
      TRACEPARENT: expect.stringContaining(ctx.runId.replaceAll('-', '')),
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_RESOURCE_ATTRIBUTES: `agent_jobs.run.id=${ctx.runId}`,
      TELEMETRY_ON: '1',
    })
  })

  it("leave the user's own variables as they are", async () => {
    const { run } = server({ env: { AGENT_JOBS_AGENT_OTLP_ENDPOINT: 'http://collector:4318' } })
    const { variables } = await run({ config: { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://mine:4318' } } })
    expect(variables).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://mine:4318' })
  })

  it('have the span of a run that is refused before it has a Job', async () => {
    const { run, spans } = server()
    await run({ config: { timeoutSec: 'soon' } })
    expect(spans).toMatchObject([{ name: 'agent_jobs.run', error: 'invalid_config' }])
  })

  it('show an adopted Job in the trace of the run that started it, linked with the run that adopted it', async () => {
    const gate = `${cluster.volume}/gate-${randomUUID()}`
    const agentId = randomUUID()
    const lost = new AbortController()
    const before = server()
    const config = { env: { GATE: gate } }
    const first = before.run({ agentId, config, signal: lost.signal })
    await before.heard
    lost.abort(new Error('Legacy controller lease lost'))
    const { ctx: killed } = await first
    const after = server()
    const second = after.run({ agentId, config })
    await after.heard
    await writeFile(gate, '')
    const { ctx: adopter, variables, result } = await second
    expect(result.resultJson).toMatchObject({ agentJob: { adoptedFromRun: killed.runId } })
    expect(before.spans).toEqual([])
    await after.waitFor('agent_jobs.clean_up')
    const { spans } = after
    const known = new Set(spans.map(({ context }) => `${context.traceId} ${context.spanId}`))
    const orphans = spans.filter(({ parent }) => parent !== null && !known.has(`${parent.traceId} ${parent.spanId}`))
    expect(orphans).toEqual([])
    const traceOf = (name: string) => spans.find((span) => span.name === name)?.context.traceId
    const runs = spans.filter(({ parent }) => parent === null)
    expect(runs.map(({ context }) => context.traceId)).toEqual(
      [adopter.runId, killed.runId].map((id) => id.replaceAll('-', '')),
    )
    expect(runs[0]?.links).toMatchObject([{ context: runs[1]?.context }])
    expect([traceOf('agent_jobs.agent'), traceOf('agent_jobs.tool')]).toEqual([
      runs[1]?.context.traceId,
      runs[1]?.context.traceId,
    ])
    expect(known.has(`${runs[1]?.context.traceId} ${readTraceparent(variables['TRACEPARENT'])?.spanId}`)).toBe(true)
  })

  it("continue Paperclip's trace", async () => {
    const opened: { name: string; ended: boolean }[] = []
    const context = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 }
    const trace = {
      tracer: {
        startSpan(name: string) {
          const span = { name, ended: false }
          opened.push(span)
          return {
            setAttribute: () => undefined,
            setStatus: () => undefined,
            spanContext: () => context,
            end: () => void (span.ended = true),
          }
        },
      },
      contextWithSpan: () => undefined,
    }
    const { run, spans } = server()
    await run({ trace })
    expect(spans[0]).toMatchObject({ context: { traceId: context.traceId }, parent: { spanId: context.spanId } })
    // It must have reached the collector also when the server is killed.
    expect(opened).toEqual([{ name: 'agent_jobs.execute', ended: true }])
  })

  it('add nothing to a Job that others can read but the ids of the trace', async () => {
    const { run, deps } = server()
    const { ctx } = await run({ config: { retainJobs: true } })
    await deps.clusters.close()
    const { items } = await cluster.client.list(kinds.Job, { namespace: cluster.namespace })
    const job = items.find(({ metadata }) => metadata?.annotations?.['paperclip.io/run-id'] === ctx.runId)
    expect(JSON.parse(job?.metadata?.annotations?.['paperclip.io/trace'] ?? '')).toEqual({
      parent: null,
      beganAt: expect.any(Number),
    })
  })

  it('load nothing of OpenTelemetry, and no metrics load it, while both are off', () => {
    const code = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load(url, context, next) { if (/opentelemetry|prom-client/.test(url)) loaded.push(url); return next(url, context) } })
      const { systemDependencies, createAdapter } = await import(${JSON.stringify(new URL('../create-adapter.ts', import.meta.url).href)})
      systemDependencies({ env: {} })
      console.log(JSON.stringify(loaded))`
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@agent-jobs/source', '--input-type=module', '-e', code],
      { cwd: import.meta.dirname, encoding: 'utf8' },
    )
    expect({ stdout, stderr }).toEqual({ stdout: '[]\n', stderr: '' })
  })
})
