import { refuseAbsentNamespace } from '../cluster/absent-namespace.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withCluster, type OpenCluster } from '../cluster/with-cluster.ts'
import { CliError } from '../errors/cli-error.ts'
import { errorReport } from '../errors/error-report.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { cancelRun, type CancelResult } from '../runs/cancel-run.ts'
import { findRun } from '../runs/find-run.ts'
import { readRuns } from '../runs/read-runs.ts'
import { isOver } from '../runs/run-view.ts'

/** The flags of `agent-jobs cancel`. */
export interface CancelOptions extends ClusterOptions {
  by: string
  grace?: number
  selector?: string
  all?: boolean
  json?: boolean
}

const words: Readonly<Record<CancelResult, string>> = {
  'ended before': 'had ended before',
  gone: 'has stopped',
  alive: 'is still running after its grace; look at its pod and its node',
  unobserved: 'was asked to stop; whether it did could not be seen',
}

/** Stops runs in order and prints what each ended as; gives the exit code. */
export async function cancel(jobs: readonly string[], flags: CancelOptions, terminal: Terminal): Promise<number> {
  const { by, grace, json } = flags
  refuseMixture(jobs, flags)
  const how = { by, ...(grace === undefined ? {} : { graceSeconds: Math.ceil(grace / 1000) }) }
  const style = createStyle(terminal.colours.err)
  return withCluster(flags, terminal, async (cluster) => {
    const chosen = jobs.length > 0 ? jobs : await activeJobs(cluster, flags.selector)
    if (chosen.length === 0) {
      await refuseAbsentNamespace(cluster)
      terminal.err(`No runs to cancel in namespace ${cluster.namespace}.\n`)
    }
    const isGone = await Promise.all(
      chosen.map(async (job) => {
        try {
          const verdict = await cancelRun(cluster, await findRun(cluster, job), how)
          terminal.out(
            json
              ? jsonLine({ job, verdict: verdict === 'ended before' ? 'gone' : verdict })
              : `${job} ${words[verdict]}\n`,
          )
          return verdict === 'gone' || verdict === 'ended before'
        } catch (error) {
          const report = errorReport(error)
          terminal.err(`${style.red('error')}: ${report.message}\n`)
          if (json) terminal.out(jsonLine({ job, error: report }))
          return false
        }
      }),
    )
    return isGone.every(Boolean) ? 0 : 1
  })
}

function refuseMixture(jobs: readonly string[], { selector, all }: CancelOptions): void {
  const ways = [jobs.length > 0, selector !== undefined, all === true].filter(Boolean).length
  if (ways === 1) return
  const what = ways === 0 ? 'Nothing says which runs to cancel.' : 'These exclude each other.'
  throw new CliError('usage', `${what} Name Jobs, or pass --selector LABELS, or --all for every run of the namespace.`)
}

async function activeJobs({ client, namespace }: OpenCluster, selector: string | undefined): Promise<string[]> {
  const runs = await readRuns(client, { namespace, selector })
  return runs.flatMap(({ view }) => (isOver(view) ? [] : [view.job]))
}
