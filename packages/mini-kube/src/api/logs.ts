import { ApiError, badRequest, invalid, type StatusCause } from '../api-error.ts'
import { kubeletRefused, RuntimeText } from '../kubelet/kubelet.ts'
import { parseTime } from '../kubelet/cri-line.ts'
import { faultsOf } from '../faults/faults.ts'
import type { Pod } from '../types.ts'
import type { NamedRequest } from './context.ts'

const truthy = (value: string | null) => value === 'true' || value === '1' || value === ''

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  return Number(text)
}

interface Parsed {
  follow: boolean
  timestamps: boolean
  previous: boolean
  since: bigint | undefined
  tailLines: number | undefined
  limitBytes: number | undefined
}

/** PodLogOptions with the real server's errors (src/__fixtures__/kubernetes/log-responses). */
export function parseLogOptions(name: string, query: URLSearchParams, now: number): Parsed {
  const causes: StatusCause[] = []
  const sinceSeconds = integer(query, 'sinceSeconds')
  const tailLines = integer(query, 'tailLines')
  const limitBytes = integer(query, 'limitBytes')
  const sinceTime = query.get('sinceTime') || undefined
  const parsedTime = sinceTime === undefined ? undefined : parseTime(sinceTime)
  if (sinceTime !== undefined && parsedTime === undefined) {
    throw badRequest(`parsing time "${sinceTime}" as "2006-01-02T15:04:05Z07:00": cannot parse "${sinceTime}" as "T"`)
  }
  if (query.has('stream')) {
    causes.push({ reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified', field: 'stream' })
  }
  const tooSmall = (field: string, value: number, least: number, text: string) => {
    if (value < least) causes.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${text}`, field })
  }
  if (tailLines !== undefined) tooSmall('tailLines', tailLines, 0, 'must be greater than or equal to 0')
  if (limitBytes !== undefined) tooSmall('limitBytes', limitBytes, 1, 'must be greater than 0')
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    causes.push({
      reason: 'FieldValueForbidden',
      message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
      field: '[]',
    })
  } else if (sinceSeconds !== undefined) tooSmall('sinceSeconds', sinceSeconds, 1, 'must be greater than 0')
  if (causes.length > 0) throw invalid({ group: '', plural: 'pods', kind: 'PodLogOptions' }, name, causes)
  const nanos = 1_000_000_000n
  // sinceTime is cut to whole seconds on its way, sinceSeconds is not (docs/kubernetes-facts.md#log-timestamps).
  const since =
    parsedTime !== undefined
      ? (parsedTime.time / nanos) * nanos
      : sinceSeconds === undefined
        ? undefined
        : BigInt(Math.round(now)) * 1_000_000n - BigInt(sinceSeconds) * nanos
  return {
    follow: query.has('follow') && truthy(query.get('follow')),
    timestamps: query.has('timestamps') && truthy(query.get('timestamps')),
    previous: query.has('previous') && truthy(query.get('previous')),
    since,
    tailLines,
    limitBytes,
  }
}

function chooseContainer(pod: Pod, asked: string | null): string {
  const mains = pod.spec.containers.map((container) => container.name)
  const inits = (pod.spec.initContainers ?? []).map((container) => container.name)
  if (asked !== null && asked !== '') {
    if (mains.includes(asked) || inits.includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`)
  }
  const [only] = mains
  if (mains.length === 1 && only !== undefined) return only
  const chosen = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
  if (chosen !== undefined && mains.includes(chosen)) return chosen
  const or = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${mains.join(' ')}]${or}`,
  )
}

/** GET …/pods/NAME/log. */
export async function serveLog(context: NamedRequest): Promise<void> {
  const { cluster, resource, namespace, name, query, request, response, signal } = context
  const options = parseLogOptions(name, query, cluster.clock.wallTime())
  const pod = cluster.objects.must(resource, namespace, name) as Pod
  const container = chooseContainer(pod, query.get('container'))
  if (pod.spec.nodeName === undefined) {
    response.writeHead(204, { 'cache-control': 'no-cache, private' })
    response.end()
    return
  }
  const { kubelet } = cluster.node
  if (!cluster.node.isUp()) {
    const asked = [...query]
      .filter(([key]) => key !== 'container')
      .sort()
      .map(([key, value]) => `${key}=${value}`)
      .join('&')
    throw kubeletRefused(
      `/containerLogs/${namespace}/${name}/${container}${asked === '' ? '' : `?${asked}`}`,
      cluster.node.hostIP,
    )
  }
  const { logText, logNotFound } = faultsOf(request)
  if (logNotFound || cluster.clock.wallTime() < cluster.node.notFoundUntil()) {
    // The kubelet does not know the pod yet: details.kind is pods/log, not pods (log-responses/404-kubelet-restarting).
    throw new ApiError(404, 'NotFound', `the server could not find the requested resource ( pods/log ${name})`, {
      name,
      kind: 'pods/log',
    })
  }
  const stop = AbortSignal.any([signal, cluster.node.streams.signal])
  let body: AsyncIterable<Buffer>
  try {
    body = kubelet.openLog(pod, container, options, stop)
    if (logText !== undefined)
      body = logText.mode === 'instead' ? textBody(logText.text) : followedBy(body, logText.text)
  } catch (error) {
    if (!(error instanceof RuntimeText)) throw error
    body = textBody(error.message)
  }
  response.writeHead(200, { 'cache-control': 'no-cache, private', 'content-type': 'text/plain' })
  response.flushHeaders()
  for await (const chunk of body) {
    if (response.destroyed) return
    // A slow client slows the reader down; that is how a real follower falls behind a rotation.
    if (!response.write(chunk)) await drained(response)
  }
  if (!response.destroyed) response.end()
}

async function* textBody(text: string): AsyncGenerator<Buffer, void> {
  yield Buffer.from(text)
}

async function* followedBy(body: AsyncIterable<Buffer>, text: string): AsyncGenerator<Buffer, void> {
  yield* body
  yield Buffer.from(text)
}

const drained = (response: NamedRequest['response']) =>
  new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })
