import type { Command } from 'commander'
import { addClusterOptions, withCluster, type ClusterOptions } from './cluster-options.ts'
import { readSpan } from './options.ts'
import type { SetExitCode } from './program.ts'
import type { Terminal } from './terminal.ts'
import { textTable } from './text-table.ts'

interface ReapOptions extends ClusterOptions {
  yes?: boolean
  olderThan: number
  json?: boolean
}

/** `agent-jobs reap`: the Secrets that no live run refers to. */
export function addReapCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('reap')
      .description('Show what runs have left behind that no live Job or pod refers to; remove it with --yes.'),
  )
    .option('--yes', 'remove it; without this nothing is touched')
    .option('--older-than <span>', 'leave alone what is younger', readSpan, 3_600_000)
    .option('--json', 'print one JSON object')
    .action(async ({ yes, olderThan, json, ...options }: ReapOptions) => {
      const report = await withCluster(options, terminal, ({ runner }) =>
        runner.reap({ dryRun: yes !== true, olderThanMs: olderThan }),
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
