import type { RunSummary } from '@agent-jobs/k8s-job-runner'
import { agentNames } from './agent-names.ts'

/** The label that says which agent a Job of this command line runs. */
export const agentLabel = 'app.kubernetes.io/name'
/** The label of the Paperclip adapters: `claude_k8s`, `codex_k8s`, `opencode_k8s`. */
const adapterLabel = 'paperclip.io/adapter-type'

/** Which agent a Job runs, by its labels; undefined when they do not say. */
export function agentOfJob({ labels }: Pick<RunSummary, 'labels'>): string | undefined {
  const [told = '', adapter = ''] = [labels[agentLabel], labels[adapterLabel]]
  return agentNames.find((name) => told === name || adapter === `${name}_k8s`)
}
