import { decodeRecord, maxFrameBytes, parseFrame } from '@agent-jobs/frames'
import { firstOf, openAbortScope } from '@agent-jobs/primitives'
import { isDeepStrictEqual } from 'node:util'
import type { EndEvidence, Evidence } from './evidence.ts'
import type { RunnerContext } from './runner-context.ts'

/**
 * For how long each request in turn is left open after it has returned the newest line. The runtime notices an exit 30 to
 * 100 ms after the launcher's last write. When all are used up, the pod's status is due.
 */
const holdsMs = [20, 20, 20, 40, 40, 80, 80, 160, 160, 320]
/** How long the newest line may take. */
const answerMs = 1000

/** What a request to follow the log from its newest line showed: the container runs, it has ended, or neither is sure. */
type LogSign = 'held' | 'ended' | 'unclear'

/**
 * Whether the kubelet proves that the container has ended and that its end record is its last output. The kubelet asks the
 * runtime before it waits for more of a followed log, so a new request ends at once when the container is not running
 * (docs/kubernetes-facts.md#new-follow). Nothing in the pod can influence that, and it is known 0.3 to 1 s before the pod's status.
 *
 * Two controls keep other clean ends out: the first request must stay open, since there are servers that never follow, and
 * two in a row must end, since a kubelet that dies cuts its streams the same way. False means unknown, not running.
 */
export async function isEndProvenByLog(
  context: RunnerContext,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<boolean> {
  let wasHeld = false
  let endedBefore = false
  for (const holdMs of holdsMs) {
    const sign = await followNewest(context, evidence, { holdMs, signal })
    if (sign === 'unclear' || (sign === 'ended' && !wasHeld)) return false
    if (sign === 'ended' && endedBefore) return true
    wasHeld = true
    endedBefore = sign === 'ended'
  }
  return false
}

async function followNewest(
  { client, namespace, clock }: RunnerContext,
  { pod, container, end }: Evidence,
  o: { holdMs: number; signal: AbortSignal },
): Promise<LogSign> {
  const name = pod?.metadata?.name
  if (name === undefined || end === undefined) return 'unclear'
  using scope = openAbortScope(o.signal)
  const silence = (ms: number) => async (signal: AbortSignal) => {
    await clock.sleep(ms, signal)
    return 'silent' as const
  }
  try {
    const request = { namespace, pod: name, container, follow: true, tailLines: 1, signal: scope.signal }
    const { status, body } = await client.openLog(request)
    const chunks = body?.[Symbol.asyncIterator]()
    if (status !== 200 || chunks === undefined) return 'unclear'
    let newest = ''
    for (;;) {
      const isAnswered = newest.endsWith('\n')
      const next = await firstOf<IteratorResult<Uint8Array> | 'silent'>(
        [() => chunks.next(), silence(isAnswered ? o.holdMs : answerMs)],
        scope.signal,
      )
      if (next !== 'silent' && next.done !== true) {
        newest += Buffer.from(next.value).toString('latin1')
        if (newest.length > maxFrameBytes) return 'unclear'
        continue
      }
      if (!isEndRecord(newest, end)) return 'unclear'
      return next === 'silent' ? 'held' : 'ended'
    }
  } catch (error) {
    if (o.signal.aborted) throw error
    // A log that cannot be read proves nothing. The follower reports the same trouble.
    return 'unclear'
  }
}

function isEndRecord(line: string, end: EndEvidence): boolean {
  const frame = parseFrame(Buffer.from(line, 'latin1').subarray(0, -1))
  return frame?.stream === 'l' && isDeepStrictEqual(decodeRecord(frame.payload), end)
}
