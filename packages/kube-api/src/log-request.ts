import { queryString } from './query-string.ts'
import { resourcePath, kinds } from './resource-kind.ts'
import type { Transport } from './transport.ts'
import type { WireStream } from './wire.ts'

/** Which log to read, and how. Names and meanings are those of the API. */
export interface OpenLogOptions {
  readonly namespace: string
  readonly pod: string
  /** Required if the pod has more than one container. */
  readonly container?: string | undefined
  readonly follow?: boolean | undefined
  readonly timestamps?: boolean | undefined
  /** RFC 3339; the kubelet truncates it to whole seconds. */
  readonly sinceTime?: string | undefined
  readonly sinceSeconds?: number | undefined
  /** Counts the parts that the runtime wrote, not lines: good for a probe, not for content. */
  readonly tailLines?: number | undefined
  readonly limitBytes?: number | undefined
  readonly previous?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** An open log. A status other than 200 does not throw: the body then contains the Status object. */
export type LogResponse = WireStream

/** Opens a container's log as bytes, never split, joined or decoded, and without an idle timeout. */
export async function openLog(transport: Transport, timeoutMs: number, o: OpenLogOptions): Promise<LogResponse> {
  const { namespace, pod, signal, container, follow, timestamps, sinceTime, sinceSeconds, tailLines, limitBytes } = o
  const query = { container, follow, timestamps, sinceTime, sinceSeconds, tailLines, limitBytes, previous: o.previous }
  return await transport.open({
    method: 'GET',
    path: `${resourcePath(kinds.Pod, { namespace, name: pod })}/log${queryString(query)}`,
    object: { kind: 'Pod', namespace, name: pod },
    // A log is text whatever we accept, and an error is JSON only when JSON is acceptable.
    headers: { accept: '*/*' },
    timeoutMs,
    signal,
  })
}
