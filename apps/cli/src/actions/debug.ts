import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withClient } from '../cluster/with-client.ts'
import { collectBundle } from '../debug/collect-bundle.ts'
import { writeBundle } from '../debug/write-bundle.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import type { Terminal } from '../output/terminal.ts'
import { findRun } from '../runs/find-run.ts'
import { ownVersion } from '../version.ts'

/** The flags of `agent-jobs debug`. */
export interface DebugOptions extends ClusterOptions {
  readonly output?: string
  readonly lines?: number
  readonly json?: boolean
}

/** Writes a support bundle of one run, without credentials. */
export async function debug(job: string | undefined, flags: DebugOptions, terminal: Terminal): Promise<void> {
  await withClient(flags, terminal, async (cluster) => {
    const run = await findRun(cluster, job)
    const { files, problems } = await collectBundle(cluster, {
      run,
      outputLines: flags.lines ?? 0,
      versions: {
        agentJobs: ownVersion(),
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
      },
      env: terminal.env,
      now: Date.now(),
    })
    const name = `agent-jobs-${run.view.job}`
    const path = flags.output ?? `${name}.tar.gz`
    await writeBundle(path, name, files)
    if (flags.json) return terminal.out(jsonLine({ path, files: files.map((file) => file.name), problems }))
    for (const problem of problems) terminal.err(`! ${plain(problem)}\n`)
    terminal.out(`${path}: ${files.length} files without credentials. Read them before you share them.\n`)
  })
}
