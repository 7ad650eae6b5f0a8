import { errorClause, systemErrorCode } from '@agent-jobs/primitives'

import { KubeError } from './kube-error.ts'
import type { RequestLine } from './request-line.ts'

/** Codes that occur before a byte of the request is sent: nothing can have happened on the server. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMFILE',
  'UND_ERR_CONNECT_TIMEOUT',
])

// OpenSSL's error when the first bytes of a response are not TLS.
const plaintext = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'])

const distrust = /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/

/** What to do about a TLS failure, by the code from OpenSSL or Node. */
function tlsAdvice(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'The certificate is for another name: correct `server`, or set `tls-server-name` in the kubeconfig.'
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return "The server's certificate is not valid now: renew it, or correct this machine's clock."
  }
  if (plaintext.has(code)) return 'The server does not speak TLS: use http://, or the port that speaks TLS.'
  if (code.includes('_ALERT_'))
    return 'The server refused the handshake: check the client certificate in the kubeconfig.'
  return 'The server is not trusted: check the certificate authority in the kubeconfig.'
}

/** Creates the error of a request without a response. */
export function networkError(request: RequestLine, server: string, cause: unknown): KubeError {
  const code = systemErrorCode(cause) ?? ''
  const detail = errorClause(cause)
  const line = `${request.method} ${request.path}`
  if (distrust.test(code)) {
    return new KubeError({
      code: 'tls',
      message: `${line}: the TLS handshake with ${server} failed: ${detail}. ${tlsAdvice(code)}`,
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
