import type { Link } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { SpanContext, SpanData, SpanSink } from './span-data.ts'

/** Options of the exporter. */
export interface OtlpSinkOptions {
  /** Base URL of OTLP over HTTP, for example `http://collector:4318`; a path is kept and `/v1/traces` is added to it. */
  readonly endpoint: string
  /** Attributes of the process that reports the spans. */
  readonly resource: Readonly<Record<string, string>>
}

// `TraceFlags.SAMPLED`, `SpanStatusCode.ERROR`, `SpanKind.INTERNAL` and `ExportResultCode.SUCCESS` of OpenTelemetry, as numbers,
// so that nothing of it is loaded before the first span.
const sampledFlag = 1
const errorCode = 2
const internalKind = 0
const exportSucceeded = 0

/** Where traces are sent: the endpoint's URL with `/v1/traces` added to its path. Throws a `TypeError` for anything but HTTP. */
export function tracesUrl(endpoint: string): string {
  const url = URL.parse(endpoint)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new TypeError(`Expected the OTLP endpoint to be an http or https URL, got ${JSON.stringify(endpoint)}`)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
  return url.href
}

/**
 * Sends spans by OTLP over HTTP with OpenTelemetry's exporter, which is loaded with the first span. It retries, sends at most
 * 30 batches at once and rejects further ones. The variables `OTEL_EXPORTER_OTLP_HEADERS`, `_TIMEOUT`, `_COMPRESSION` and
 * `_CERTIFICATE` apply. Throws a `TypeError` for an invalid endpoint.
 */
export function otlpSink({ endpoint, resource }: OtlpSinkOptions): SpanSink {
  const url = tracesUrl(endpoint)
  let loading: Promise<(spans: readonly SpanData[]) => Promise<void>> | null = null
  const load = async () => {
    const [{ OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ])
    const exporter = new OTLPTraceExporter({ url })
    const source = resourceFromAttributes(resource)
    return (spans: readonly SpanData[]) =>
      new Promise<void>((resolve, reject) => {
        const batch = spans.map((span) => readableSpan(span, source))
        exporter.export(batch, ({ code, error }) => {
          if (code === exportSucceeded) resolve()
          else reject(error ?? new Error(`The collector at ${url} refused the spans`))
        })
      })
  }
  return async (spans) => {
    loading ??= load()
    const send = await loading
    await send(spans)
  }
}

type HrTime = [seconds: number, nanoseconds: number]

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}

function contextOf({ traceId, spanId, sampled }: SpanContext) {
  return { traceId, spanId, traceFlags: sampled ? sampledFlag : 0 }
}

function readableSpan(
  { name, context, parent, startedAt, endedAt, attributes, links, error }: SpanData,
  resource: ReadableSpan['resource'],
): ReadableSpan {
  return {
    name,
    kind: internalKind,
    spanContext: () => contextOf(context),
    ...(parent === null ? {} : { parentSpanContext: contextOf(parent) }),
    startTime: hrTime(startedAt),
    endTime: hrTime(endedAt),
    duration: hrTime(endedAt - startedAt),
    ended: true,
    status: error === null ? { code: 0 } : { code: errorCode, message: error },
    attributes: { ...attributes },
    links: links.map((link): Link => ({ context: contextOf(link.context), attributes: { ...link.attributes } })),
    events: [],
    resource,
    instrumentationScope: { name: '@agent-jobs/tracing' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}
