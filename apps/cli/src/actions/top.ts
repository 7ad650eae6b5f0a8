import { isForbidden, isNotFound, KubeError, quantityValue, type KubeClient } from '@agent-jobs/kube-api'
import { refuseAbsentNamespace } from '../cluster/absent-namespace.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withClient } from '../cluster/with-client.ts'
import { CliError } from '../errors/cli-error.ts'
import { jsonLine } from '../output/safe-text.ts'
import type { Terminal } from '../output/terminal.ts'
import { textTable } from '../output/text-table.ts'
import { readRuns } from '../runs/read-runs.ts'
import type { RunView } from '../runs/run-view.ts'

/** The flags of `agent-jobs top`. */
export interface TopOptions extends ClusterOptions {
  allNamespaces?: boolean
  json?: boolean
}

/** Processor in cores and memory in bytes, as far as they are known. */
interface Use {
  readonly cpu: number | null
  readonly memory: number | null
}

/** Shows what running runs use. */
export async function top({ allNamespaces, json, ...options }: TopOptions, terminal: Terminal): Promise<void> {
  await withClient(options, terminal, async (cluster) => {
    const { client, namespace } = cluster
    const where = allNamespaces ? undefined : namespace
    const runs = (await readRuns(client, { namespace: where })).filter(({ view }) => view.state === 'running')
    if (runs.length === 0) {
      if (!allNamespaces) await refuseAbsentNamespace(cluster)
      return terminal.err(
        `No run is in progress in ${where === undefined ? 'any namespace' : `the namespace ${where}`}.\n`,
      )
    }
    const used = await readUse(
      client,
      runs.map(({ view }) => view),
    )
    const rows = runs.map(({ view, pod }) => {
      const limits = pod?.spec?.containers[0]?.resources?.limits ?? {}
      const { cpu, memory } = used.get(view.pod ?? '') ?? { cpu: null, memory: null }
      return {
        job: view.job,
        namespace: view.namespace,
        node: view.node,
        cpu,
        memory,
        memoryLimit: quantityOf(limits['memory']),
      }
    })
    if (json) return rows.forEach((row) => terminal.out(jsonLine(row)))
    const cells = rows.map(({ job, cpu, memory, memoryLimit, node }) => [
      job,
      cpu === null ? '' : `${Math.round(cpu * 1000)}m`,
      memory === null ? '' : mebibytes(memory),
      memory === null || memoryLimit === null ? '' : `${Math.round((100 * memory) / memoryLimit)}%`,
      node ?? '',
    ])
    for (const line of textTable(['JOB', 'CPU', 'MEMORY', 'OF LIMIT', 'NODE'], cells, terminal.columns())) {
      terminal.out(`${line}\n`)
    }
  })
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)}Mi`

/** By pod: from the metrics API, or from the kubelets where the cluster has none. */
async function readUse(client: KubeClient, runs: readonly RunView[]): Promise<Map<string, Use>> {
  try {
    return await fromMetricsApi(client, runs)
  } catch (cause) {
    // Without metrics-server the group does not exist: 404, or 503 while it starts.
    if (!isNotFound(cause) && !(KubeError.isInstance(cause) && cause.code === 'unavailable')) throw cause
  }
  try {
    return await fromKubelets(client, runs)
  } catch (cause) {
    if (!isForbidden(cause)) throw cause
    throw new CliError(
      'no_metrics',
      'The cluster has no metrics API, and you may not ask its nodes. Install metrics-server, or have yourself allowed `get` on `nodes/proxy`.',
      { cause },
    )
  }
}

interface PodMetrics {
  metadata?: { name?: string }
  containers?: { usage?: { cpu?: string; memory?: string } }[]
}

async function fromMetricsApi(client: KubeClient, runs: readonly RunView[]): Promise<Map<string, Use>> {
  const namespaces = [...new Set(runs.map(({ namespace }) => namespace))]
  const lists = await Promise.all(
    namespaces.map((namespace) =>
      client.request<{ items?: PodMetrics[] }>({
        method: 'GET',
        path: `/apis/metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/pods`,
      }),
    ),
  )
  const sum = (metrics: PodMetrics, of: 'cpu' | 'memory'): number =>
    (metrics.containers ?? []).reduce((total, { usage }) => total + (quantityOf(usage?.[of]) ?? 0), 0)
  const pods = lists.flatMap(({ items = [] }) => items)
  return new Map(pods.map((pod) => [pod.metadata?.name ?? '', { cpu: sum(pod, 'cpu'), memory: sum(pod, 'memory') }]))
}

interface StatsSummary {
  pods?: {
    podRef?: { name?: string }
    cpu?: { usageNanoCores?: number }
    memory?: { workingSetBytes?: number }
  }[]
}

async function fromKubelets(client: KubeClient, runs: readonly RunView[]): Promise<Map<string, Use>> {
  const nodes = [...new Set(runs.flatMap(({ node }) => node ?? []))]
  const summaries = await Promise.all(
    nodes.map((node) =>
      client.request<StatsSummary>({
        method: 'GET',
        path: `/api/v1/nodes/${encodeURIComponent(node)}/proxy/stats/summary`,
      }),
    ),
  )
  return new Map(
    summaries
      .flatMap(({ pods = [] }) => pods)
      .map(({ podRef, cpu, memory }) => [
        podRef?.name ?? '',
        {
          cpu: cpu?.usageNanoCores === undefined ? null : cpu.usageNanoCores / 1e9,
          memory: memory?.workingSetBytes ?? null,
        },
      ]),
  )
}

function quantityOf(text: string | undefined): number | null {
  return text === undefined ? null : quantityValue(text)
}
