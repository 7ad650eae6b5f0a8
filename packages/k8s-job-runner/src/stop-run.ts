import { isConflict, isNotFound, kinds } from '@agent-jobs/kube-api'
import { errorClause, backoffMs } from '@agent-jobs/primitives'
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
  /** Resolves when the watch says that the pod is terminal or gone. */
  podOver: Promise<void>
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

/** Waits for the end. A pod with a longer grace period of its own is deleted once the requested one has passed. */
async function settled(
  context: RunnerContext,
  input: StopInput,
  over: Promise<'over'>,
  scope: AbortSignal,
): Promise<'over' | 'timeout' | 'aborted'> {
  const { clock } = context
  const wait = (ms: number) => Promise.race([over, pause(clock.sleep(ms, scope))])
  const seen = await wait(input.graceSeconds * 1000 + hurryAfterMs)
  if (seen !== 'timeout') return seen
  try {
    if (input.started) await deletePod(context, input.pod(), 1, scope)
  } catch (error) {
    if (!isPassing(error)) throw error
  }
  return wait(marginMs)
}

/** Stops a run and returns what was observed. */
export async function stopRun(context: RunnerContext, input: StopInput): Promise<CancelVerdict> {
  const { client, namespace, clock, random } = context
  const over = input.podOver.then(() => 'over' as const)
  const done = new AbortController()
  const scope = input.signal === undefined ? done.signal : AbortSignal.any([done.signal, input.signal])
  const deadline = clock.now() + input.graceSeconds * 1000 + marginMs
  try {
    await sign(context, input)
    for (let attempt = 0; ; attempt += 1) {
      try {
        await ask(context, input)
        break
      } catch (error) {
        if (isNotFound(error) || isConflict(error)) break
        if (!isPassing(error)) throw error
        if (clock.now() >= deadline || input.signal?.aborted) return 'unobserved'
        const waited = await Promise.race([
          over,
          pause(clock.sleep(backoffMs(attempt, { baseMs: 200, maxMs: 5000, random }), scope)),
        ])
        if (waited === 'over') return 'gone'
      }
    }
    const seen = await settled(context, input, over, scope)
    if (seen === 'over') return 'gone'
    if (seen === 'aborted') return 'unobserved'
    const name = input.pod()?.metadata?.name
    try {
      // The watch may be out of date: read what it does not report.
      if (name === undefined) {
        const job = await client.get(kinds.Job, { name: input.jobName, namespace })
        return job.metadata?.uid === input.jobUid ? 'alive' : 'gone'
      }
      const pod = await client.get(kinds.Pod, { name, namespace })
      return pod.metadata?.uid !== input.pod()?.metadata?.uid || isPodTerminal(pod) ? 'gone' : 'alive'
    } catch (error) {
      return isNotFound(error) ? 'gone' : 'unobserved'
    }
  } finally {
    done.abort()
  }
}

/** Turns a sleep into the value that says what ended it. */
export async function pause(sleep: Promise<void>): Promise<'timeout' | 'aborted'> {
  return sleep.then(
    () => 'timeout' as const,
    () => 'aborted' as const,
  )
}
