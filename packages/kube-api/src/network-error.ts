import { errorCode } from './error-code.ts'
import { KubeError } from './kube-error.ts'
import type { RequestLine } from './status-error.ts'

/** Codes that come before a byte of the request has left: nothing can have happened on the server. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMFILE',
  'UND_ERR_CONNECT_TIMEOUT',
])

const distrust = /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/

/** Makes the error of a request that got no answer. */
export function networkError(request: RequestLine, server: string, cause: unknown): KubeError {
  const code = errorCode(cause)
  const detail = cause instanceof Error ? cause.message || code : String(cause)
  const line = `${request.method} ${request.path}`
  if (distrust.test(code)) {
    return new KubeError({
      code: 'tls',
      message: `${line}: the TLS handshake with ${server} failed: ${detail}. Check the certificate authority and server name in the kubeconfig.`,
      object: request.object,
      cause,
    })
  }
  const sent = !neverSent.has(code)
  return new KubeError({
    code: 'connection',
    message: sent
      ? `${line}: the connection to ${server} broke before the answer was complete: ${detail}.`
      : `${line}: no connection to ${server}: ${detail}. Check that the API server is up and the address is right.`,
    retryable: true,
    maybeApplied: sent && request.method !== 'GET',
    object: request.object,
    cause,
  })
}
