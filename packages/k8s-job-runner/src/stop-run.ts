import { isConflict, isNotFound, kinds } from '@agent-jobs/kube-api'
import { backoffMs, errorClause, firstOf, openAbortScope, type Latch } from '@agent-jobs/primitives'
import { isPassing } from './run-lock.ts'
import type { Pod } from './kubernetes.ts'
import { annotation } from './labels.ts'
import { isPodTerminal } from './read-pod.ts'
import { deletePod, stopPod } from './stop-pod.ts'
import type { CancelVerdict } from './run-handle.ts'
import type { RunnerContext } from './runner-context.ts'

/** How long after the grace period the kubelet may take to report the end of the pod. */
const marginMs = 10_000

/** What stopping a run needs. */
export interface StopInput {
  jobName: string
  jobUid: string
  by: string
  graceSeconds: number
  pod: () => Pod | undefined
  /** Opens when the watch says that the pod is terminal or gone. */
  podOver: Latch<void>
  started: boolean
  signal?: AbortSignal
}

/** Records on the Job who cancels it, so that all followers report the same outcome. */
async function sign({ client, namespace, warn }: RunnerContext, { jobName, jobUid, by }: StopInput): Promise<void> {
  const body = { metadata: { uid: jobUid, annotations: { [annotation.cancelledBy]: by } } }
  try {
    await client.patch(kinds.Job, { name: jobName, namespace, type: 'merge', body })
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return
    const message = `Job ${jobName} could not be marked as cancelled: ${errorClause(error)}. Other followers will see a deletion.`
    warn({ code: 'not_marked', message, cause: error })
  }
}

/**
 * A running pod is ended with its grace period: SIGTERM reaches the command through the launcher, and pod, log and Job stay
 * as a record of the cancellation. Without a running pod the Job itself is deleted, so that no pod starts later.
 */
async function ask(context: RunnerContext, input: StopInput): Promise<void> {
  const { client, namespace } = context
  if (input.started) {
    await stopPod(context, input.pod(), input.graceSeconds)
    return
  }
  const { jobName: name, jobUid: uid } = input
  await client.delete(kinds.Job, { name, namespace, propagationPolicy: 'Foreground', preconditions: { uid } })
}

/** How long after the grace period to give up on a pod that still exists. */
const hurryAfterMs = 2000

type End = 'over' | 'timeout' | 'aborted'

/** Waits for the end of the pod, but no longer than this. */
async function waitForEnd(
  { clock }: RunnerContext,
  { podOver }: StopInput,
  ms: number,
  signal: AbortSignal,
): Promise<End> {
  const over = (s: AbortSignal) => podOver.wait(s).then((): End => 'over')
  const timeout = (s: AbortSignal) => clock.sleep(ms, s).then((): End => 'timeout')
  try {
    return await firstOf([over, timeout], signal)
  } catch (error) {
    if (signal.aborted) return 'aborted'
    throw error
  }
}

/** Waits for the end. A pod with a longer grace period of its own is deleted once the requested one has passed. */
async function settled(context: RunnerContext, input: StopInput, signal: AbortSignal): Promise<End> {
  const seen = await waitForEnd(context, input, input.graceSeconds * 1000 + hurryAfterMs, signal)
  if (seen !== 'timeout') return seen
  try {
    if (input.started) await deletePod(context, input.pod(), 1, signal)
  } catch (error) {
    if (!isPassing(error)) throw error
  }
  return waitForEnd(context, input, marginMs, signal)
}

/** What a last read of the API server shows: the watch may be out of date. */
async function look({ client, namespace }: RunnerContext, input: StopInput): Promise<CancelVerdict> {
  const { name, uid } = input.pod()?.metadata ?? {}
  try {
    if (name === undefined) {
      const job = await client.get(kinds.Job, { name: input.jobName, namespace })
      return job.metadata?.uid === input.jobUid ? 'alive' : 'gone'
    }
    const pod = await client.get(kinds.Pod, { name, namespace })
    return pod.metadata?.uid !== uid || isPodTerminal(pod) ? 'gone' : 'alive'
  } catch (error) {
    return isNotFound(error) ? 'gone' : 'unobserved'
  }
}

/** Stops a run and returns what was observed. */
export async function stopRun(context: RunnerContext, input: StopInput): Promise<CancelVerdict> {
  const { clock, random } = context
  using scope = openAbortScope(input.signal)
  const { signal } = scope
  const deadline = clock.now() + input.graceSeconds * 1000 + marginMs
  await sign(context, input)
  for (let attempt = 0; ; attempt += 1) {
    try {
      await ask(context, input)
      break
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) break
      if (!isPassing(error)) throw error
      if (clock.now() >= deadline || signal.aborted) return 'unobserved'
      const waitMs = backoffMs(attempt, { baseMs: 200, maxMs: 5000, random })
      if ((await waitForEnd(context, input, waitMs, signal)) === 'over') return 'gone'
    }
  }
  const seen = await settled(context, input, signal)
  if (seen === 'over') return 'gone'
  return seen === 'aborted' ? 'unobserved' : look(context, input)
}
