import { agentVolumeClaims } from '../cluster/agent-volume-claims.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withCluster } from '../cluster/with-cluster.ts'
import { refuseAbsentNamespace } from '../cluster/absent-namespace.ts'
import { jsonLine } from '../output/safe-text.ts'
import type { Terminal } from '../output/terminal.ts'
import { textTable } from '../output/text-table.ts'
import type { SetExitCode } from '../set-exit-code.ts'

/** The flags of `agent-jobs reap`. */
export interface ReapOptions extends ClusterOptions {
  yes?: boolean
  olderThan: number
  paperclip?: string
  json?: boolean
}

/** Shows what runs have left behind, and removes it with `--yes`. */
export async function reap(
  { yes, olderThan, paperclip, json, ...options }: ReapOptions,
  terminal: Terminal,
  setExitCode: SetExitCode,
): Promise<void> {
  const key = terminal.env['PAPERCLIP_API_KEY']
  const { report, where } = await withCluster(options, terminal, async (cluster) => {
    const { client, namespace, runner } = cluster
    const found = await runner.reap({
      dryRun: yes !== true,
      olderThanMs: olderThan,
      stores: paperclip === undefined ? [] : [agentVolumeClaims(client, namespace, { url: paperclip, key })],
    })
    if (found.items.length === 0) await refuseAbsentNamespace(cluster)
    return { where: namespace, report: found }
  })
  if (report.items.some((item) => item.action === 'failed')) setExitCode(1)
  if (json) return void terminal.out(jsonLine(report))
  if (report.items.length === 0) return terminal.err(`No run has left anything behind in the namespace ${where}.\n`)
  const cells = report.items.map(({ kind, id, runId, action, reason }) => [
    action.replace('_', ' '),
    kind,
    id,
    runId ?? '',
    reason,
  ])
  for (const line of textTable(['ACTION', 'KIND', 'NAME', 'RUN', 'REASON'], cells)) terminal.out(`${line}\n`)
  if (report.items.some((item) => item.action === 'would_remove')) terminal.err('Pass --yes to remove.\n')
}
