import { isForbidden, kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { RunView } from './run-view.ts'

/** Runs without a pod, with the reason from the newest Event of their Job. Sends no request when all runs have pods. */
export async function explainNoPod(
  client: KubeClient,
  namespace: string | undefined,
  runs: readonly RunView[],
): Promise<RunView[]> {
  if (!runs.some(({ reason }) => reason === 'NoPod')) return [...runs]
  const reasons = new Map<string, string>()
  try {
    const fieldSelector = 'involvedObject.kind=Job,type=Warning'
    for (const { involvedObject, reason } of (await client.list(kinds.Event, { namespace, fieldSelector })).items) {
      if (reason !== undefined) reasons.set(`${involvedObject.namespace}/${involvedObject.name}`, reason)
    }
  } catch (cause) {
    // Users who may list runs may not always list Events; the table is correct without them.
    if (!isForbidden(cause)) throw cause
  }
  return runs.map((run) =>
    run.reason === 'NoPod' ? { ...run, reason: reasons.get(`${run.namespace}/${run.job}`) ?? run.reason } : run,
  )
}
