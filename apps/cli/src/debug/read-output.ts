import type { KubeClient } from '@agent-jobs/kube-api'
import type { RunView } from '../runs/run-view.ts'

// The end of a log says why a run failed. The kubelet may answer with a little more than it was asked for.
const maxChars = 1024 * 1024

/** The last lines of a run's log as the runtime keeps it, frames included; empty without a pod. */
export async function readOutput(client: KubeClient, { pod, namespace }: RunView, lines: number): Promise<string> {
  if (pod === null) return ''
  const signal = AbortSignal.timeout(30_000)
  const { body } = await client.openLog({ namespace, pod, tailLines: lines, timestamps: true, signal })
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) text = (text + decoder.decode(chunk, { stream: true })).slice(-maxChars)
  return text
}
