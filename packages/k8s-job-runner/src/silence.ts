import type { Evidence } from './evidence.ts'
import type { RunnerContext } from './runner-context.ts'

const maxBytes = 64 * 1024
/** The runtime stamps a line a moment after the launcher does. */
const toleranceMs = 5000

/**
 * Whether the container's log has nothing newer than `newestAt`, the newest timestamp that was received (milliseconds by the
 * node's clock). A log that cannot be read confirms nothing.
 */
export async function isStillSilent(
  { client, namespace }: RunnerContext,
  { pod, container }: Evidence,
  newestAt: number | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const name = pod?.metadata?.name
  if (name === undefined) return false
  let text = ''
  try {
    const request = { namespace, pod: name, container, tailLines: 1, timestamps: true, limitBytes: maxBytes, signal }
    const { status, body } = await client.openLog(request)
    if (body === null) return false
    for await (const chunk of body) text += new TextDecoder('latin1').decode(chunk)
    if (status !== 200) return false
  } catch (error) {
    if (signal.aborted) throw error
    // Not readable: nothing is confirmed, and the caller asks again.
    return false
  }
  if (text === '') return newestAt === undefined
  const stamp = Date.parse(text.slice(0, text.indexOf(' ')))
  if (Number.isNaN(stamp)) return false
  return newestAt !== undefined && stamp <= newestAt + toleranceMs
}
