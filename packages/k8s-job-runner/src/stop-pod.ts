import { isConflict, isNotFound, kinds } from '@agent-jobs/kube-api'
import type { Pod } from './kubernetes.ts'
import type { RunnerContext } from './runner-context.ts'

/** Deletes exactly this pod, with a grace. One that is gone, or another of the same name, counts as deleted. */
export async function stopPod(
  { client, namespace }: RunnerContext,
  pod: Pod | undefined,
  gracePeriodSeconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const { name, uid } = pod?.metadata ?? {}
  if (name === undefined) return
  try {
    await client.delete(kinds.Pod, { name, namespace, gracePeriodSeconds, preconditions: { uid }, signal })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}
