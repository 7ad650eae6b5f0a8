import { isConflict, isForbidden, isInvalid, isNotFound, kinds } from '@agent-jobs/kube-api'
import { errorClause } from '@agent-jobs/primitives'
import type { Pod } from './kubernetes.ts'
import { annotation } from './labels.ts'
import type { RunnerContext } from './runner-context.ts'

/** Deletes exactly this pod, with a grace period. One that is gone or was replaced counts as deleted. */
export async function deletePod(
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

/** Makes the kubelet end exactly this pod now, with the pod's own grace period. Pod and log stay. */
async function expirePod(
  { client, namespace }: RunnerContext,
  pod: Pod | undefined,
  { annotations = {}, signal }: { annotations?: Record<string, string>; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { name, uid } = pod?.metadata ?? {}
  if (name === undefined) return
  // The deadline counts from the pod's start, so one second has passed (docs/kubernetes-facts.md#pod-deadline).
  const body = { metadata: { uid, annotations }, spec: { activeDeadlineSeconds: 1 } }
  await client.patch(kinds.Pod, { name, namespace, type: 'merge', body, signal })
}

/** Makes the kubelet end a pod whose command has ended. Throws the API server's error. */
export async function expireSidecars(context: RunnerContext, pod: Pod, signal?: AbortSignal): Promise<void> {
  await expirePod(context, pod, { annotations: { [annotation.commandEnded]: 'true' }, signal })
}

/**
 * Ends exactly this pod, and keeps its log where possible: its deadline is set to now. Where patching pods is forbidden,
 * it is deleted.
 */
export async function stopPod(
  context: RunnerContext,
  pod: Pod | undefined,
  gracePeriodSeconds: number,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await expirePod(context, pod, { signal })
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return
    if (!isForbidden(error) && !isInvalid(error)) throw error
    await deletePod(context, pod, gracePeriodSeconds, signal)
  }
}

/**
 * Ends the containers that others have added to a pod whose command has ended, such as a service mesh proxy. Otherwise
 * the Job would never finish. Pod and log stay.
 */
export async function endSidecars(context: RunnerContext, pod: Pod, signal: AbortSignal): Promise<void> {
  try {
    await expireSidecars(context, pod, signal)
  } catch (error) {
    if (signal.aborted || isNotFound(error) || isConflict(error)) return
    const message = `Pod ${pod.metadata?.name} keeps running beside its ended command: ${errorClause(error)}.`
    context.warn({ code: 'sidecars_stay', message, cause: error })
  }
}
