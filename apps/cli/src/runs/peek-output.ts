import { KubeError, type KubeClient, type OpenLogOptions } from '@agent-jobs/kube-api'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { agentNamed } from '../agents/agents.ts'
import { readRecording } from '../input/read-recording.ts'
import type { RunView } from './run-view.ts'

// An agent's summary is at the end of its output, its session at the beginning; longer outputs are rare, and
// for them the numbers stay unknown instead of being wrong.
const maxBytes = 4 * 1024 * 1024

/** The agent's own summary so far; null without output, or with too much of it. */
export async function peekOutput(client: KubeClient, run: RunView, signal?: AbortSignal): Promise<AgentSummary | null> {
  const { pod, namespace, agent, startedAt } = run
  if (pod === null || agent === null || startedAt === null) return null
  const parser = agentNamed(agent).createParser()
  let bytes = 0
  const log = await openLog(client, { namespace, pod, limitBytes: maxBytes, signal })
  if (log === null) return null
  const end = await readRecording(log, (chunk) => {
    bytes += chunk.byteLength
    parser.feed(chunk)
  })
  return bytes >= maxBytes * 0.9 ? null : parser.end(end)
}

/** The bytes of a log; null where there is none: the status says "running" earlier than a log can be read, and pods go. */
async function openLog(client: KubeClient, request: OpenLogOptions): Promise<AsyncIterable<Uint8Array> | null> {
  try {
    const { status, body } = await client.openLog(request)
    if (status === 200) return body
    // A response that is not read would hold its connection.
    for await (const _ of body);
    return null
  } catch (cause) {
    if (KubeError.isInstance(cause)) return null
    throw cause
  }
}
