import { Alarm } from './alarm.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { ResolvedOptions } from './follow-options.ts'
import { readBody } from './read-body.ts'
import type { Newest } from './tracker.ts'

/** How the newest line in the log relates to the delivered lines, if the server answered. */
export type NewestAnswer = Newest | 'unknown' | 'unreachable'

const maxAnswerBytes = 1_048_576

type Asker = Pick<ConnectionContext, 'source' | 'options' | 'tracker'>

/** Requests only the newest line, which no time filter can hide (`tailLines=1`), and judges it. */
export async function askForNewest(asker: Asker, over: AbortSignal): Promise<NewestAnswer> {
  const newest = await readNewest(asker, over)
  return typeof newest === 'string' ? newest : asker.tracker.judgeNewest(newest)
}

/** Returns the newest line's bytes. */
export async function readNewest(
  { source, options }: Asker,
  over: AbortSignal,
): Promise<Buffer | 'unknown' | 'unreachable'> {
  const request = new AbortController()
  const abort = (): void => request.abort(new Error('the newest line is no longer needed'))
  over.addEventListener('abort', abort, { once: true })
  const answered = new AbortController()
  const patience = giveUpLate(options, request, answered.signal)
  try {
    const response = await source.open({ tailLines: 1, follow: false, signal: request.signal })
    const body = await readBody(response.body, maxAnswerBytes)
    return response.status === 200 ? body : 'unknown'
  } catch {
    // The reason does not matter: the caller asks because a connection is silent, and this request is silent, too.
    return 'unreachable'
  } finally {
    over.removeEventListener('abort', abort)
    answered.abort()
    await patience
  }
}

async function giveUpLate(o: ResolvedOptions, request: AbortController, answered: AbortSignal): Promise<void> {
  await new Alarm(o.clock).sleep(o.requestTimeoutMs, answered)
  request.abort(new Error(`the log server did not answer within ${o.requestTimeoutMs} ms`))
}
