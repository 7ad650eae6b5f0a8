import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A span as OTLP's JSON has it, as far as tests need it. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes?: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
}

/** A collector that both this process and pods reach. */
export interface OtlpCollector extends AsyncDisposable {
  readonly endpoint: string
  readonly podEndpoint: string
  /** The protocol that agents must speak to it. */
  readonly protocol: 'http/protobuf' | 'http/json'
  /** Every span that arrived. */
  spans(): Promise<ReceivedSpan[]>
}

interface TraceRequest {
  resourceSpans?: { scopeSpans?: { spans?: ReceivedSpan[] }[] }[]
}
const spansOf = (text: string): ReceivedSpan[] =>
  ((JSON.parse(text) as TraceRequest).resourceSpans ?? []).flatMap(({ scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) => spans),
  )

/**
 * The real OpenTelemetry Collector that writes to the folder `OTELCOL`, one request a line, or else a small receiver in this
 * process, which understands JSON only.
 */
export async function openCollector(bridge: string): Promise<OtlpCollector> {
  const folder = process.env['OTELCOL']
  return folder ? realCollector(folder, bridge) : ownReceiver(bridge)
}

function realCollector(folder: string, bridge: string): OtlpCollector {
  return {
    endpoint: 'http://127.0.0.1:4318',
    podEndpoint: `http://${bridge}:4318`,
    protocol: 'http/protobuf',
    async spans() {
      const text = await readFile(join(folder, 'traces.jsonl'), 'utf8')
      // The last line may still be incomplete.
      return text.split('\n').slice(0, -1).flatMap(spansOf)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function ownReceiver(bridge: string): Promise<OtlpCollector> {
  const received: ReceivedSpan[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url === '/v1/traces') received.push(...spansOf(Buffer.concat(chunks).toString('utf8')))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const listening = Promise.withResolvers<void>()
  server.listen(0, '0.0.0.0', listening.resolve)
  await listening.promise
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    podEndpoint: `http://${bridge}:${port}`,
    protocol: 'http/json',
    spans: async () => received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await server[Symbol.asyncDispose]()
    },
  }
}
