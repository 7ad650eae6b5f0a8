import { secretNameFor, type CancelOptions, type CancelVerdict, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { isConflict, isNotFound, kinds } from '@agent-jobs/kube-api'
import type { OpenCluster } from '../cluster/with-cluster.ts'
import { observeRun } from './observe-run.ts'
import type { FoundRun } from './read-runs.ts'
import { isOver } from './run-view.ts'

/** What cancelling a run led to. */
export type CancelResult = CancelVerdict | 'ended before'

/** Stops one run and leaves its output readable until its Job expires; a run that has ended is left as it is. */
export async function cancelRun(
  cluster: OpenCluster,
  { view, job: { metadata } }: FoundRun,
  how: CancelOptions,
): Promise<CancelResult> {
  if (isOver(view)) return 'ended before'
  // The uid makes it this run and never a later Job of the same name.
  const run = await observeRun(cluster.runner, { job: view.job, uid: metadata?.uid ?? '' })
  const verdict = await run.cancel(how)
  await run.detach()
  if (verdict === 'gone') await removeSecret(cluster, run)
  return verdict
}

/** The credentials of a run that has stopped go at once; its record has none of them. */
async function removeSecret({ client, namespace }: OpenCluster, { key, job }: RunHandle): Promise<void> {
  const name = secretNameFor(key)
  try {
    const { metadata } = await client.get(kinds.Secret, { name, namespace })
    if (metadata?.ownerReferences?.[0]?.uid !== job.uid) return
    await client.delete(kinds.Secret, { name, namespace, preconditions: { uid: metadata.uid } })
  } catch (cause) {
    // It may be gone with its Job, or belong to the next run of the key by now.
    if (!isNotFound(cause) && !isConflict(cause)) throw cause
  }
}
