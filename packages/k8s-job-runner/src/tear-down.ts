import { isConflict, isNotFound, kinds } from '@agent-jobs/kube-api'
import { errorClause, backoffMs } from '@agent-jobs/primitives'
import { isPassing } from './run-lock.ts'
import type { Job } from './kubernetes.ts'
import { label } from './labels.ts'
import { mayStillRun, type Outcome } from './outcome.ts'
import type { RunnerContext } from './runner-context.ts'

const attempts = 6

async function persist(context: RunnerContext, what: string, act: () => Promise<void>): Promise<void> {
  const { clock, random, warn } = context
  for (let attempt = 1; ; attempt += 1) {
    try {
      await act()
      return
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return
      if (isPassing(error) && attempt < attempts) {
        await clock.sleep(backoffMs(attempt, { baseMs: 500, maxMs: 10_000, random }))
        continue
      }
      const message = `${what} could not be removed: ${errorClause(error)}. Its TTL, or reap, will.`
      warn({ code: 'not_removed', message, cause: error })
      return
    }
  }
}

/**
 * Removes what a finished run leaves: pods, then the Job, then the Secret. One Foreground delete of the Job does all
 * three: the Job stays until its pods are gone, and the Secret, which it owns, is removed after it. When in doubt,
 * nothing is removed.
 */
export async function tearDown(
  context: RunnerContext,
  job: Job,
  outcome: Outcome,
  { retain, secret }: { retain: boolean; secret: string },
): Promise<void> {
  if (mayStillRun(outcome)) return
  const { client, namespace } = context
  const { name = '', uid, labels = {} } = job.metadata ?? {}
  if (!retain) {
    await persist(context, `Job ${name}`, () =>
      client.delete(kinds.Job, { name, namespace, propagationPolicy: 'Foreground', preconditions: { uid } }),
    )
    return
  }
  await persist(context, `Secret ${secret}`, async () => {
    const found = await client.get(kinds.Secret, { name: secret, namespace })
    // Another run may have taken the key in the meantime.
    if (found.metadata?.labels?.[label.runHash] !== labels[label.runHash]) return
    const { uid: secretUid, resourceVersion } = found.metadata ?? {}
    await client.delete(kinds.Secret, { name: secret, namespace, preconditions: { uid: secretUid, resourceVersion } })
  })
}
