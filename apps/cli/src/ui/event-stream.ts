import type { ServerResponse } from 'node:http'

/** Server-sent events to one browser. */
export interface EventStream {
  /** Aborted when the browser has gone. */
  readonly closed: AbortSignal
  /** Sends one event; resolves when the browser can take more, so that a slow one holds back its source. */
  send(event: string, data: unknown): Promise<void>
  end(): void
}

const aliveMs = 15_000

/** Opens the stream as the answer to a request. */
export function openEventStream(response: ServerResponse): EventStream {
  const gone = new AbortController()
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const timer = setInterval(() => response.write(': alive\n\n'), aliveMs)
  response.on('close', () => {
    clearInterval(timer)
    gone.abort()
  })
  return {
    closed: gone.signal,
    send: (event, data) =>
      new Promise((resolve) => {
        if (gone.signal.aborted || response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
          return resolve()
        const done = (): void => {
          response.off('drain', done)
          response.off('close', done)
          resolve()
        }
        response.on('drain', done)
        response.on('close', done)
      }),
    end: () => void response.end(),
  }
}
