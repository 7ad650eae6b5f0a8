import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createJobRunner, describeOutcome, type RunEvent, type RunRequest } from '@agent-jobs/k8s-job-runner'
import { createKubeClient, type KubeConfig } from '@agent-jobs/kube-api'

/** A page for one run, served on loopback. */
export interface Ui extends AsyncDisposable {
  readonly url: string
}

/** Starts a run, and serves a page that shows it: `/events` sends its events as server-sent events, from the first one. */
export async function startUi(kubeConfig: KubeConfig, namespace: string, request: RunRequest): Promise<Ui> {
  const page = await readFile(new URL('page.html', import.meta.url))
  const client = createKubeClient({ kubeConfig })
  const run = await createJobRunner({ client, namespace }).start(request)
  const shown: string[] = []
  const readers = new Set<ServerResponse>()
  const following = (async () => {
    for await (const event of run.events) {
      const text = forThePage(event)
      if (text === null) continue
      shown.push(text)
      for (const reader of readers) reader.write(text)
    }
    for (const reader of readers) reader.end()
    await run.settled
  })()

  const server = createServer((asked, answer) => {
    if (asked.url !== '/events') {
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
      return
    }
    answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    for (const text of shown) answer.write(text)
    readers.add(answer)
    answer.on('close', () => readers.delete(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await following
      await client.close()
    },
  }
}

/** An event as the page gets it; null for events that it does not show. JSON keeps output of the run from being markup. */
function forThePage(event: RunEvent): string | null {
  switch (event.type) {
    case 'phase':
      return serverSent('phase', event.message)
    case 'line':
      return serverSent('line', event.text)
    case 'gap':
      return serverSent('gap', `lost lines: ${event.reason}`)
    case 'outcome':
      return serverSent('outcome', describeOutcome(event.outcome).message)
    default:
      return null
  }
}

const serverSent = (name: string, data: string): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
