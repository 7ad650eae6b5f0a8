import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readHeader } from '../src/log-source.ts'
import type { FakeKubelet } from './fake-kubelet.ts'

/** A fake kubelet behind real sockets. */
export interface HttpKubelet extends AsyncDisposable {
  url: string
  /** Requests so far, as `method path?query`. */
  requests: string[]
}

/** Serves a fake kubelet's log as the API server does: chunked, with resets as resets and headers as headers. */
export async function serveKubelet(kubelet: FakeKubelet): Promise<HttpKubelet> {
  const requests: string[] = []
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    const { searchParams: query } = new URL(path, 'http://kubelet')
    const over = new AbortController()
    response.on('close', () => over.abort(new Error('the client left')))
    const [sinceTime, tailLines] = [query.get('sinceTime'), query.get('tailLines')]
    try {
      const { status, headers, body } = await kubelet.open({
        follow: query.get('follow') === 'true',
        signal: over.signal,
        ...(sinceTime === null ? {} : { sinceTime }),
        ...(tailLines === null ? {} : { tailLines: Number(tailLines) }),
      })
      const retryAfter = readHeader(headers, 'retry-after')
      response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter })
      response.flushHeaders()
      for await (const chunk of body ?? []) if (!response.write(chunk)) await once(response, 'drain', over)
      response.end()
    } catch (error) {
      // An error from the kubelet is a broken connection; an error from the client's leaving is ignored.
      if (over.signal.aborted) return
      if (!(error instanceof Error)) throw error
      response.socket?.resetAndDestroy()
    }
  }
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    void answer(request.url ?? '/', response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
