import { errorClause, openAbortScope } from '@agent-jobs/primitives'
import type { Pod } from './kubernetes.ts'
import { printable } from './printable.ts'
import type { RunnerContext } from './runner-context.ts'

const maxLines = 20
const maxBytes = 4096
const timeoutMs = 5000

/**
 * The last lines of a container's log as one printable text; undefined when the log is empty or unreadable. Nothing else
 * explains a container that was injected on admission, and its log is removed with the pod.
 */
export async function readLogTail(
  { client, namespace, clock, warn }: RunnerContext,
  pod: Pod | undefined,
  container: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const name = pod?.metadata?.name
  if (name === undefined) return undefined
  using scope = openAbortScope(signal)
  clock.sleep(timeoutMs, scope.signal).then(
    () => scope.abort(new Error(`no answer within ${timeoutMs} ms`)),
    () => undefined,
  )
  try {
    const request = { namespace, pod: name, container, tailLines: maxLines, limitBytes: maxBytes, signal: scope.signal }
    const { status, body } = await client.openLog(request)
    const chunks: Uint8Array[] = []
    for await (const chunk of body ?? []) chunks.push(chunk)
    const text = printable(Buffer.concat(chunks).toString('utf8'))
    if (status === 200) return text === '' ? undefined : text
    warn({ code: 'log_tail', message: `The log of container ${container} cannot be read: HTTP ${status} ${text}` })
  } catch (error) {
    if (signal.aborted) throw error
    warn({
      code: 'log_tail',
      message: `The log of container ${container} cannot be read: ${errorClause(error)}.`,
      cause: error,
    })
  }
  return undefined
}
