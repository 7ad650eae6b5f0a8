import type { CancelVerdict } from '@agent-jobs/k8s-job-runner'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withCluster, type OpenCluster } from '../cluster/cluster-options.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../program.ts'

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

/** Stops runs in order and prints what each ended as. */
export async function cancel(
  jobs: readonly string[],
  { by, grace, json, ...options }: CancelOptions,
  terminal: Terminal,
  setExitCode: SetExitCode,
): Promise<void> {
  const how = { by, ...(grace === undefined ? {} : { graceSeconds: Math.ceil(grace / 1000) }) }
  await withCluster(options, terminal, async (cluster) => {
    const ends = await Promise.allSettled(
      jobs.map(async (job) => {
        const verdict = await cancelOne(cluster, job, how)
        terminal.out(json ? jsonLine({ job, verdict }) : `${job} ${words[verdict]}\n`)
        if (verdict !== 'gone') setExitCode(1)
      }),
    )
    const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []))
    // The last one ends the command as any error does.
    for (const error of errors.slice(0, -1)) {
      terminal.err(
        `${createStyle(terminal.colours.err).red('error')}: ${error instanceof Error ? error.message : String(error)}\n`,
      )
    }
    if (errors.length > 0) throw errors.at(-1)
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
