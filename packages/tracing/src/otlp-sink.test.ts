import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { otlpSink, tracesUrl } from './otlp-sink.ts'
import { createRunTracer } from './run-tracer.ts'
import type { SpanData } from './span-data.ts'

const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true }
const span: SpanData = {
  name: 'agent_jobs.run',
  context,
  parent: { ...context, spanId: 'c'.repeat(16) },
  startedAt: 1_700_000_000_123,
  endedAt: 1_700_000_001_000,
  attributes: { 'agent_jobs.run.id': 'r' },
  links: [{ context: { ...context, spanId: 'd'.repeat(16) }, attributes: { 'agent_jobs.link': 'adopted' } }],
  error: 'oom_killed',
}
const resource = { 'service.name': 'agent-jobs' }

describe('sending spans', () => {
  const open: AsyncDisposable[] = []
  afterEach(async () => {
    for (const each of open.splice(0)) await each[Symbol.asyncDispose]()
  })

  async function collector(status: number) {
    const bodies: { url: string | undefined; body: unknown }[] = []
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        bodies.push({ url: request.url, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) })
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      })
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    open.push(server)
    return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/otlp/`, bodies }
  }

  it('uses OTLP over HTTP', async () => {
    const { endpoint, bodies } = await collector(200)
    await otlpSink({ endpoint, resource })([span])
    expect(bodies).toMatchObject([
      {
        url: '/otlp/v1/traces',
        body: {
          resourceSpans: [
            {
              resource: { attributes: [{ key: 'service.name', value: { stringValue: 'agent-jobs' } }] },
              scopeSpans: [
                {
                  scope: { name: '@agent-jobs/tracing' },
                  spans: [
                    {
                      traceId: context.traceId,
                      spanId: context.spanId,
                      parentSpanId: 'c'.repeat(16),
                      name: 'agent_jobs.run',
                      kind: 1,
                      startTimeUnixNano: '1700000000123000000',
                      endTimeUnixNano: '1700000001000000000',
                      status: { code: 2, message: 'oom_killed' },
                      links: [{ spanId: 'd'.repeat(16) }],
                    },
                  ],
                },
              ],
            },
          ],
        },
      },
    ])
  })

  it('rejects when the collector refuses them', async () => {
    const { endpoint } = await collector(400)
    await expect(otlpSink({ endpoint, resource })([span])).rejects.toThrow(/Bad Request/)
  })

  it.each(['collector:4318', 'ftp://collector', '', 'grpc://collector:4317'])(
    'refuses the endpoint "%s"',
    (endpoint) => {
      expect(() => otlpSink({ endpoint, resource })).toThrow(TypeError)
    },
  )

  it.each([
    ['http://c:4318', 'http://c:4318/v1/traces'],
    ['https://c/otlp/?key=1', 'https://c/otlp/v1/traces?key=1'],
  ])('sends what goes to %s to %s', (endpoint, url) => {
    expect(tracesUrl(endpoint)).toBe(url)
  })

  it('loads nothing of OpenTelemetry before the first span', () => {
    const code = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load(url, context, next) { if (url.includes('opentelemetry')) loaded.push(url); return next(url, context) } })
      const { createRunTracer, disabledTracer, otlpSink } = await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)})
      const end = { attributes: {}, error: null, phases: [], agentStartedAt: null, adopted: null }
      const run = { runId: 'r', parent: null, attributes: {} }
      disabledTracer.begin(run).ended(end)
      const sink = otlpSink({ endpoint: 'http://127.0.0.1:1', resource: {} })
      const trace = createRunTracer({ sink, now: () => 1, onError: () => undefined }).begin(run)
      const before = loaded.length
      trace.ended(end)
      await import('@opentelemetry/resources')
      console.log(JSON.stringify([before, loaded.length > 0]))
      process.exit(0)`
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=@agent-jobs/source', '--input-type=module', '-e', code],
      { cwd: import.meta.dirname, encoding: 'utf8' },
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([0, true])
  })

  it('reports a collector that is not there without failing anything', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const { endpoint } = await collector(400)
    const tracer = createRunTracer({ sink: otlpSink({ endpoint, resource }), now: () => 1, onError: resolve })
    const trace = tracer.begin({ runId: 'r', parent: null, attributes: {} })
    trace.ended({ attributes: {}, error: null, phases: [], agentStartedAt: null, adopted: null })
    expect(await promise).toBeInstanceOf(Error)
  })
})
