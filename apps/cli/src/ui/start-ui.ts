import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createJobRunner } from '@agent-jobs/k8s-job-runner'
import type { KubeClient } from '@agent-jobs/kube-api'
import { errorReport } from '../errors/error-report.ts'
import { cancelRun } from '../runs/cancel-run.ts'
import { findRun } from '../runs/find-run.ts'
import { followRuns } from '../runs/follow-runs.ts'
import { rowOf } from '../runs/ps-row.ts'
import { openEventStream } from './event-stream.ts'
import { pageFiles } from './page.generated.ts'
import { streamRun } from './run-stream.ts'
import { createUiSession, refusalOf } from './ui-session.ts'

/** What the page shows, and where. */
export interface UiOptions {
  readonly client: KubeClient
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined
  /** Who cancels where the page does. */
  readonly by: string
  readonly port: number
}

/** The local page of runs. */
export interface Ui extends AsyncDisposable {
  /** With the token that lets one browser in, once. */
  readonly url: string
}

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}
const runPath = /^\/api\/runs\/([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})(\/cancel)?$/

/** Serves the page on loopback until it is disposed. */
export async function startUi({ client, namespace, by, port }: UiOptions): Promise<Ui> {
  const session = createUiSession()
  const ending = new AbortController()
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy()
      send(response, 500, { error: errorReport(error) })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: ownPort } = server.address() as AddressInfo

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const refusal = refusalOf(request, ownPort)
    if (refusal !== null) return send(response, 403, refusal)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (pathname === '/' && searchParams.has('token')) {
      const cookie = session.redeem(searchParams.get('token'))
      if (cookie === null) return send(response, 403, 'This address was used before. Start `agent-jobs ui` again.')
      // Away from the address bar and the history.
      response.writeHead(303, { location: '/', 'set-cookie': cookie })
      return void response.end()
    }
    if (!session.isKnown(request)) return send(response, 403, 'Open the address that `agent-jobs ui` printed.')
    const file = pageFiles[pathname]
    if (file !== undefined && request.method === 'GET') {
      response.writeHead(200, { 'content-type': file.type })
      return void response.end(file.text)
    }
    if (pathname === '/api/runs' && request.method === 'GET') return streamRuns(response)
    const [, runNamespace, job, cancels] = runPath.exec(pathname) ?? []
    if (runNamespace === undefined || job === undefined || (namespace !== undefined && namespace !== runNamespace)) {
      return send(response, 404, { error: { code: 'not_found', message: 'Page not found.' } })
    }
    if (cancels === undefined) return streamRun(client, { namespace: runNamespace, job }, openEventStream(response))
    if (request.method !== 'POST') return send(response, 405, { error: { code: 'usage', message: 'Use POST.' } })
    const cluster = { client, namespace: runNamespace, runner: createJobRunner({ client, namespace: runNamespace }) }
    send(response, 200, { verdict: await cancelRun(cluster, await findRun(cluster, job), { by }) })
  }

  async function streamRuns(response: ServerResponse): Promise<void> {
    const stream = openEventStream(response)
    const signal = AbortSignal.any([stream.closed, ending.signal])
    try {
      await followRuns(client, { namespace, signal }, (runs) => {
        // The newest state counts: what a slow browser has not taken yet is small and soon out of date.
        void stream.send(
          'runs',
          runs.map(({ view }) => rowOf(view, null)),
        )
      })
    } catch (error) {
      await stream.send('problem', errorReport(error))
    }
    stream.end()
  }

  return {
    url: `http://127.0.0.1:${ownPort}/?token=${session.token}`,
    async [Symbol.asyncDispose]() {
      ending.abort()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const isText = typeof body === 'string'
  response.writeHead(status, { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json' })
  response.end(isText ? body : JSON.stringify(body))
}
