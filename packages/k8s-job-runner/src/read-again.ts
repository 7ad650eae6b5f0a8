import { isNotFound, kinds } from '@agent-jobs/kube-api'
import { errorClause } from '@agent-jobs/primitives'
import { readJob, readPod } from './read-object.ts'
import type { RunEvidence } from './run-evidence.ts'
import type { RunnerContext } from './runner-context.ts'

/**
 * Reads the pod of a run again, or its Job and any pod it has, because the watch may be out of date. False when the
 * API server does not answer: then nothing may be concluded.
 */
export async function readAgain(
  context: RunnerContext,
  { evidence, see, missed }: RunEvidence,
  { jobName, jobUid, signal }: { jobName: string; jobUid: string; signal: AbortSignal },
): Promise<boolean> {
  const { client, namespace, warn } = context
  const known = evidence.pod?.metadata
  try {
    if (known?.name !== undefined) {
      const pod = readPod(await client.get(kinds.Pod, { name: known.name, namespace, signal }))
      if (pod !== undefined && pod.metadata?.uid === known.uid) see({ of: 'pod', gone: false, object: pod })
      else missed()
      return true
    }
    const labelSelector = `batch.kubernetes.io/controller-uid=${jobUid}`
    const { items } = await client.list(kinds.Pod, { namespace, labelSelector, signal })
    for (const item of items) {
      const object = readPod(item)
      if (object !== undefined) see({ of: 'pod', gone: false, object })
    }
    const job = readJob(await client.get(kinds.Job, { name: jobName, namespace, signal }))
    if (job !== undefined && job.metadata?.uid === jobUid) see({ of: 'job', gone: false, object: job })
    else missed()
    return true
  } catch (error) {
    if (signal.aborted) return false
    if (isNotFound(error)) {
      missed()
      return true
    }
    const message = `Job ${jobName} cannot be read, so nothing is decided about it: ${errorClause(error)}`
    warn({ code: 'not_confirmed', message, cause: error })
    return false
  }
}
