import type { RunSummary } from '@agent-jobs/k8s-job-runner'
import { KubeError } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { refuseAbsentNamespace, withCluster, type OpenCluster } from '../cluster/cluster-options.ts'
import { agentOfJob } from '../agents/job-agent.ts'
import { jsonLine } from '../output/safe-text.ts'
import type { Terminal } from '../output/terminal.ts'
import { age, textTable } from '../output/text-table.ts'

/** The flags of `agent-jobs ps`. */
export interface PsOptions extends ClusterOptions {
  selector?: string
  json?: boolean
}

/** Lists the runs of a namespace, newest first. */
export async function ps({ selector, json, ...options }: PsOptions, terminal: Terminal): Promise<void> {
  const { runs, namespace } = await withCluster(options, terminal, async (cluster) => {
    const found = await listRuns(cluster, selector)
    if (found.length === 0) await refuseAbsentNamespace(cluster)
    return { runs: found, namespace: cluster.namespace }
  })
  const rows = runs.map((run) => ({
    job: run.job,
    state: run.state,
    agent: agentOfJob(run) ?? null,
    createdAt: run.createdAt === undefined ? null : new Date(run.createdAt).toISOString(),
    key: run.key,
    runId: run.runId,
  }))
  if (json) return rows.forEach((row) => terminal.out(jsonLine(row)))
  if (rows.length === 0) {
    const such = selector === undefined ? '' : ` with the labels ${selector}`
    return terminal.err(`There are no runs${such} in the namespace ${namespace}.\n`)
  }
  const now = Date.now()
  const cells = rows.map(({ job, state, agent, createdAt, key, runId }) => [
    job,
    state,
    agent ?? '',
    createdAt === null ? '' : age(now - Date.parse(createdAt)),
    key,
    runId,
  ])
  for (const line of textTable(['JOB', 'STATE', 'AGENT', 'AGE', 'KEY', 'RUN'], cells)) terminal.out(`${line}\n`)
}

async function listRuns({ runner }: OpenCluster, selector: string | undefined): Promise<RunSummary[]> {
  if (selector === undefined) return runner.list()
  try {
    return await runner.list({ labelSelector: selector })
  } catch (cause) {
    if (!(KubeError.isInstance(cause) && cause.code === 'bad_request')) throw cause
    throw new CliError('usage', `The API server refuses the labels ${selector}: ${cause.message}`, { cause })
  }
}
