import type { KubeClient } from '@agent-jobs/kube-api'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { peekOutput } from './peek-output.ts'
import type { RunView } from './run-view.ts'

const atOnce = 8

/** The agents' own summaries of these runs, in the order of the runs. */
export async function peekAll(client: KubeClient, runs: readonly RunView[]): Promise<(AgentSummary | null)[]> {
  const summaries: (AgentSummary | null)[] = runs.map(() => null)
  const queue = runs.entries()
  const worker = async (): Promise<void> => {
    for (const [at, run] of queue) summaries[at] = await peekOutput(client, run)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, runs.length) }, worker))
  return summaries
}
