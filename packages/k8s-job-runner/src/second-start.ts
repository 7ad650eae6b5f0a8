import { isConflict, isInvalid, isNotFound, kinds } from '@agent-jobs/kube-api'
import { backoffMs, errorClause } from '@agent-jobs/primitives'
import type { FollowSettings } from './follow-settings.ts'
import type { Job } from './kubernetes.ts'
import { label } from './labels.ts'
import { guardKey } from './pod-template.ts'
import { isPassing } from './run-lock.ts'
import type { RunnerContext } from './runner-context.ts'

const attempts = 8

/** Retries a write while the API server is in trouble. A final failure is a warning, not a fault of the run. */
async function insist(
  { clock, random, warn }: RunnerContext,
  signal: AbortSignal,
  what: string,
  act: () => Promise<unknown>,
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await act()
      return
    } catch (error) {
      if (signal.aborted || isNotFound(error) || isConflict(error)) return
      if (isPassing(error) && attempt < attempts) {
        await clock.sleep(backoffMs(attempt, { baseMs: 500, maxMs: 10_000, random }), signal).catch(() => undefined)
        continue
      }
      warn({ code: 'restart_possible', message: `${what}: ${errorClause(error)}.`, cause: error })
      return
    }
  }
}

/**
 * Removes the guard key from the run's Secret once its container runs. Every container of the run needs that key, so
 * a second pod, which a queue may cause after a preemption, cannot restart the work. The lock itself stays.
 */
export async function sealRun(
  context: RunnerContext,
  job: Job,
  { secret: name }: FollowSettings,
  signal: AbortSignal,
): Promise<void> {
  const { client, namespace } = context
  const runHash = job.metadata?.labels?.[label.runHash] ?? ''
  const path = `/data/${guardKey(runHash)}`
  await insist(
    context,
    signal,
    `The Secret ${name} could not be sealed, so its queue may start the run again`,
    async () => {
      try {
        const test = { op: 'test', path: `/metadata/labels/${label.runHash.replace('/', '~1')}`, value: runHash }
        await client.patch(kinds.Secret, {
          name,
          namespace,
          type: 'json',
          body: [test, { op: 'remove', path }],
          signal,
        })
      } catch (error) {
        // Already sealed, or the lock has passed on: nothing to do.
        if (!isInvalid(error)) throw error
      }
    },
  )
}

/** Deletes a suspended Job whose pod is ending. It stays until the pod is gone, and is not admitted again. */
export async function forbidRestart(
  context: RunnerContext,
  { jobName: name, jobUid: uid, signal }: { jobName: string; jobUid: string; signal: AbortSignal },
): Promise<void> {
  const { client, namespace } = context
  const options = { name, namespace, propagationPolicy: 'Foreground', preconditions: { uid }, signal } as const
  await insist(context, signal, `Job ${name} could not be removed, so its queue may start it again`, () =>
    client.delete(kinds.Job, options),
  )
}
