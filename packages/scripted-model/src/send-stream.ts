import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from './clock.ts'
import type { MessageReply } from './reply.ts'
import type { StreamEvent } from './stream-event.ts'

/** Sends events as fast as the reader takes them, with the pauses and the cut that the reply asks for. */
export async function sendStream(
  response: ServerResponse,
  events: Iterable<StreamEvent>,
  reply: MessageReply,
  options: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { clock, signal } = options
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  let pieces = 0
  for (const event of events) {
    if (event.piece) {
      if (reply.cutAfterPieces !== undefined && pieces >= reply.cutAfterPieces) {
        // What was written so far must leave before the cut, or the reader would see no answer at all.
        response.write('', () => response.destroy())
        return
      }
      if (pieces > 0 && reply.pieceDelayMs) await clock.sleep(reply.pieceDelayMs, signal)
      pieces += 1
    }
    if (!response.write(event.data)) await once(response, 'drain', { signal })
  }
  response.end()
}
