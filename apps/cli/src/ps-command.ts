import type { Command } from 'commander'
import { addClusterOptions, withCluster, type ClusterOptions } from './cluster-options.ts'
import { agentOfJob } from './job-agent.ts'
import type { Terminal } from './terminal.ts'
import { age, textTable } from './text-table.ts'

interface PsOptions extends ClusterOptions {
  selector?: string
  json?: boolean
}

/** `agent-jobs ps`: the runs of a namespace, newest first. */
export function addPsCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(program.command('ps').description('List the runs of a namespace, newest first.'))
    .option('--selector <labels>', 'only Jobs with these labels, such as paperclip.io/agent-id=7')
    .option('--json', 'print one JSON array')
    .action(async ({ selector, json, ...options }: PsOptions) => {
      const runs = await withCluster(options, terminal, ({ runner }) =>
        runner.list(selector === undefined ? {} : { labelSelector: selector }),
      )
      const rows = runs.map((run) => ({
        job: run.job,
        state: run.state,
        agent: agentOfJob(run) ?? null,
        createdAt: run.createdAt === undefined ? null : new Date(run.createdAt).toISOString(),
        key: run.key,
        runId: run.runId,
      }))
      if (json) return terminal.out(`${JSON.stringify(rows)}\n`)
      if (rows.length === 0) return terminal.err('There are no runs in this namespace.\n')
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
    })
}
