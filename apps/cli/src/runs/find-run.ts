import { isNotFound, kinds } from '@agent-jobs/kube-api'
import { refuseAbsentNamespace } from '../cluster/absent-namespace.ts'
import type { OpenClient } from '../cluster/with-client.ts'
import { CliError } from '../errors/cli-error.ts'
import { closest } from '../input/closest.ts'
import { joinRuns, managed, readRuns, type FoundRun } from './read-runs.ts'

/** The run of a Job, or the newest one where none is named. */
export async function findRun(cluster: OpenClient, job: string | undefined): Promise<FoundRun> {
  const { client, namespace } = cluster
  if (job === undefined) {
    const [newest] = await readRuns(client, { namespace })
    if (newest !== undefined) return newest
    await refuseAbsentNamespace(cluster)
    throw new CliError('no_runs', `No runs in namespace ${namespace}. Start one with \`agent-jobs run\`.`)
  }
  try {
    const found = await client.get(kinds.Job, { name: job, namespace })
    const pods = await client.list(kinds.Pod, {
      namespace,
      labelSelector: `${managed},batch.kubernetes.io/job-name=${job}`,
    })
    const [run] = joinRuns([found], pods.items, Date.now())
    if (run !== undefined) return run
  } catch (cause) {
    if (!isNotFound(cause)) throw cause
  }
  await refuseAbsentNamespace(cluster)
  const others = await readRuns(client, { namespace })
  const near = closest(
    job,
    others.map(({ view }) => view.job),
  )
  const guess = near === undefined ? '' : ` Did you mean ${near}?`
  throw new CliError(
    'job_not_found',
    `There is no Job ${job} in the namespace ${namespace}.${guess} \`agent-jobs ps\` lists the runs; the journal that a removed run left on its volume is read by \`agent-jobs parse AGENT FILE --transcript\`.`,
  )
}

/** The run before this one with the same key. */
export async function previousRun({ client, namespace }: OpenClient, { view }: FoundRun): Promise<FoundRun> {
  const runs = await readRuns(client, { namespace })
  const at = runs.findIndex((run) => run.view.job === view.job)
  const earlier = runs.slice(at + 1).find((run) => run.view.key === view.key)
  if (earlier !== undefined) return earlier
  throw new CliError(
    'no_runs',
    `No run before ${view.job} with its key ${view.key}. Runs are removed after their time to live; \`--keep\` keeps one for an hour.`,
  )
}
