import { Option, type Command } from 'commander'
import { agentClaims } from '../cluster/agent-claims.ts'
import {
  addClusterOptions,
  refuseAbsentNamespace,
  withCluster,
  type ClusterOptions,
} from '../cluster/cluster-options.ts'
import { readSpan, readUrl } from '../input/options.ts'
import type { SetExitCode } from '../program.ts'
import type { Terminal } from '../output/terminal.ts'
import { textTable } from '../output/text-table.ts'

interface ReapOptions extends ClusterOptions {
  yes?: boolean
  olderThan: number
  paperclip?: string
  json?: boolean
}

/** `agent-jobs reap`: the Secrets that no live run refers to, and the claims of agents that are gone. */
export function addReapCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('reap')
      .description('Show what runs have left behind that no live Job or pod refers to; remove it with --yes.'),
  )
    .option('--yes', 'remove it; without this nothing is touched')
    .addOption(
      new Option('--older-than <span>', 'leave alone what is younger').argParser(readSpan).default(3_600_000, '1h'),
    )
    .option(
      '--paperclip <url>',
      'also the claims of agents that this Paperclip no longer has; PAPERCLIP_API_KEY must be allowed to see them all',
      readUrl,
    )
    .option('--json', 'print one JSON object')
    .action(async ({ yes, olderThan, paperclip, json, ...options }: ReapOptions) => {
      const key = terminal.env['PAPERCLIP_API_KEY']
      const { report, where } = await withCluster(options, terminal, async (cluster) => {
        const { client, namespace, runner } = cluster
        const found = await runner.reap({
          dryRun: yes !== true,
          olderThanMs: olderThan,
          stores: paperclip === undefined ? [] : [agentClaims(client, namespace, { url: paperclip, key })],
        })
        if (found.items.length === 0) await refuseAbsentNamespace(cluster)
        return { where: namespace, report: found }
      })
      if (report.items.some((item) => item.action === 'failed')) setExitCode(1)
      if (json) return terminal.out(`${JSON.stringify(report)}\n`)
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
    })
}
