import type { Command } from 'commander'
import { agentClaims } from './agent-claims.ts'
import { addClusterOptions, withCluster, type ClusterOptions } from './cluster-options.ts'
import { readSpan } from './options.ts'
import type { SetExitCode } from './program.ts'
import type { Terminal } from './terminal.ts'
import { textTable } from './text-table.ts'

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
    .option('--older-than <span>', 'leave alone what is younger', readSpan, 3_600_000)
    .option(
      '--paperclip <url>',
      'also the claims of agents that this Paperclip no longer has; PAPERCLIP_API_KEY must be allowed to see them all',
    )
    .option('--json', 'print one JSON object')
    .action(async ({ yes, olderThan, paperclip, json, ...options }: ReapOptions) => {
      const key = terminal.env['PAPERCLIP_API_KEY']
      const report = await withCluster(options, terminal, ({ client, namespace, runner }) =>
        runner.reap({
          dryRun: yes !== true,
          olderThanMs: olderThan,
          stores: paperclip === undefined ? [] : [agentClaims(client, namespace, { url: paperclip, key })],
        }),
      )
      if (report.items.some((item) => item.action === 'failed')) setExitCode(1)
      if (json) return terminal.out(`${JSON.stringify(report)}\n`)
      if (report.items.length === 0) return terminal.err('There is nothing to look at in this namespace.\n')
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
