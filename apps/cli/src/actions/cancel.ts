import type { CancelVerdict } from '@agent-jobs/k8s-job-runner'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withCluster, type OpenCluster } from '../cluster/with-cluster.ts'
import { errorReport } from '../errors/error-report.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs cancel`. */
export interface CancelOptions extends ClusterOptions {
  by: string
  grace?: number
  json?: boolean
}

const words: Readonly<Record<CancelVerdict, string>> = {
  gone: 'is over',
  alive: 'is still there after its grace; look at its pod and its node',
  unobserved: 'was asked to stop, and nobody could see what became of it',
}

/** Stops runs in order and prints what each ended as; gives the exit code. */
export async function cancel(
  jobs: readonly string[],
  { by, grace, json, ...options }: CancelOptions,
  terminal: Terminal,
): Promise<number> {
  const how = { by, ...(grace === undefined ? {} : { graceSeconds: Math.ceil(grace / 1000) }) }
  const style = createStyle(terminal.colours.err)
  return withCluster(options, terminal, async (cluster) => {
    const isGone = await Promise.all(
      jobs.map(async (job) => {
        try {
          const verdict = await cancelOne(cluster, job, how)
          terminal.out(json ? jsonLine({ job, verdict }) : `${job} ${words[verdict]}\n`)
          return verdict === 'gone'
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

async function cancelOne(
  { runner }: OpenCluster,
  job: string,
  how: { by: string; graceSeconds?: number },
): Promise<CancelVerdict> {
  const run = await runner.attach({ job })
  const verdict = await run.cancel(how)
  if (verdict === 'gone') await run.settled
  return verdict
}
