import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '@agent-jobs/primitives'
import type { MessageReply, RawReply } from './reply.ts'
import type { StreamEvent } from './stream-event.ts'

const eventStream = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }

/** Sends bytes as they are, and does with the connection what the reply asks for. */
export function sendRaw(response: ServerResponse, reply: RawReply): void {
  response.writeHead(reply.status ?? 200, { ...(reply.headers ?? eventStream) })
  if (reply.then === 'cut') cutAfter(response, reply.body)
  else if (reply.then === 'hang') response.write(reply.body)
  else response.end(reply.body)
}

/** What was written so far must leave before the cut, or the reader would see no answer at all. */
function cutAfter(response: ServerResponse, last: string): void {
  response.write(last, () => response.destroy())
}

/** Sends events as fast as the reader takes them, with the pauses and the cut that the reply asks for. */
export async function sendStream(
  response: ServerResponse,
  events: Iterable<StreamEvent>,
  reply: MessageReply,
  options: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { clock, signal } = options
  if (reply.startDelayMs) await clock.sleep(reply.startDelayMs, signal)
  response.writeHead(200, eventStream)
  let pieces = 0
  for (const event of events) {
    if (event.piece) {
      if (reply.cutAfterPieces !== undefined && pieces >= reply.cutAfterPieces) {
        cutAfter(response, '')
        return
      }
      if (pieces > 0 && reply.pieceDelayMs) await clock.sleep(reply.pieceDelayMs, signal)
      pieces += 1
    }
    if (!response.write(event.data)) await once(response, 'drain', { signal })
  }
  response.end()
}
