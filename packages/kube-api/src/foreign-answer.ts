import { KubeError } from './kube-error.ts'
import type { RequestLine } from './request-line.ts'

type Headers = Readonly<Record<string, string>>

const suspect = 'Check that the address is an API server, and proxies on the way.'

/** Rejects a body that something on the way has compressed: no request here accepts that. */
export function refuseCompressed({ method, path, object }: RequestLine, status: number, headers: Headers): void {
  const encoding = headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return
  throw new KubeError({
    code: 'bad_response',
    status,
    message: `${method} ${path} answered ${status} with a body in ${encoding}, which was not asked for. ${suspect}`,
    retryable: true,
    maybeApplied: method !== 'GET',
    object,
  })
}

/** Rejects a response that is not a stream of events, such as the login page of a proxy. */
export function refuseForeignStream({ method, path, object }: RequestLine, status: number, headers: Headers): void {
  const type = headers['content-type']
  if (type === undefined || /\bjson\b/.test(type)) return
  throw new KubeError({
    code: 'bad_response',
    status,
    message: `${method} ${path} answered ${status} with ${type} instead of JSON. ${suspect}`,
    retryable: true,
    object,
  })
}

/** Describes a redirect: it is not followed, because it would forward the credentials. */
export function redirectAdvice(status: number, headers: Headers): string | undefined {
  const { location } = headers
  if (status < 300 || status >= 400 || location === undefined) return undefined
  // The rest of the address may contain a token.
  const target = URL.parse(location)?.origin ?? 'another path'
  return `Redirected to ${target}, which is not followed. ${suspect}`
}
