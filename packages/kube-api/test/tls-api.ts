import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TestAuthority } from './certificates.ts'

/** The identity that a request presents. */
export interface SeenIdentity {
  readonly authorization: string | null
  /** Common name of the client certificate. */
  readonly certificate: string | null
  /** The `impersonate-…` headers, by name, each with all its values. */
  readonly impersonates: Readonly<Record<string, string[]>>
}

/** An API server with TLS that answers each request with an empty object and records the identities. */
export interface TlsApi extends AsyncDisposable {
  readonly url: string
  readonly seen: SeenIdentity[]
}

/** Starts it with a certificate of the authority for 127.0.0.1. */
export async function startTlsApi(authority: TestAuthority): Promise<TlsApi> {
  authority.sign('api', '/CN=api', 'IP:127.0.0.1')
  const seen: SeenIdentity[] = []
  const server = createServer(
    {
      ca: authority.text('ca.crt'),
      cert: authority.text('api.crt'),
      key: authority.text('api.key'),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const impersonates: Record<string, string[]> = {}
      for (const [name, values = []] of Object.entries(request.headersDistinct)) {
        if (name.startsWith('impersonate-')) impersonates[name] = values.toSorted()
      }
      const { subject } = (request.socket as TLSSocket).getPeerCertificate()
      seen.push({
        authorization: request.headers.authorization ?? null,
        certificate: [subject?.CN ?? null].flat()[0] ?? null,
        impersonates,
      })
      response.setHeader('content-type', 'application/json').end('{}')
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
