import { isAlreadyExists, isConflict, isInvalid, isNotFound, KubeError, kinds } from '@agent-jobs/kube-api'
import { errorClause, backoffMs } from '@agent-jobs/primitives'
import { isPassing, pauseOrGiveUp, refused, releaseRunLock, type LockPatience } from './run-lock.ts'
import type { Job, Secret } from './kubernetes.ts'
import { label } from './labels.ts'
import { RunError } from './run-error.ts'
import type { RunnerContext } from './runner-context.ts'

/** The Job of this run under its name; null when the name is free or belongs to another run. */
async function readOwn({ client, namespace }: RunnerContext, job: Job): Promise<Job | 'absent' | 'strange'> {
  try {
    const found = await client.get(kinds.Job, { name: job.metadata?.name ?? '', namespace })
    const same = found.metadata?.labels?.[label.runHash] === job.metadata?.labels?.[label.runHash]
    return same && found.metadata?.deletionTimestamp === undefined ? found : 'strange'
  } catch (error) {
    if (isNotFound(error)) return 'absent'
    throw error
  }
}

/** The Job as just created, or the existing one of that name. */
async function createOrRead(context: RunnerContext, job: Job): ReturnType<typeof readOwn> {
  try {
    return await context.client.create(kinds.Job, job)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    return readOwn(context, job)
  }
}

/**
 * Creates the Job, or adopts the one that an earlier attempt of the same run has created. From here on signals are
 * ignored: once the request is sent, only its response says whether there is a Job.
 */
export async function createOrAdoptJob(
  context: RunnerContext,
  job: Job,
  secret: Secret,
  patience: Pick<LockPatience, 'submitMs' | 'webhookMs'>,
): Promise<Job> {
  const { clock } = context
  const name = job.metadata?.name ?? ''
  const startedAt = clock.now()
  // While an earlier request may have created the Job, its Secret must stay.
  let mayExist = false
  for (let attempt = 0; ; attempt += 1) {
    let cause: unknown = new Error(`Job ${name} exists and cannot be found`)
    try {
      const found = await createOrRead(context, job)
      if (found === 'strange') {
        await releaseRunLock(context, secret)
        throw new RunError('job_name_taken', `A Job ${name} exists and is not this run's. Choose another name.`)
      }
      if (found !== 'absent') return found
    } catch (error) {
      if (RunError.isInstance(error)) throw error
      if (!isPassing(error)) {
        const removed = !mayExist && (await releaseRunLock(context, secret))
        const left = removed ? 'was removed' : 'may still be there; the next start of the key, or reap, will see to it'
        throw refused(`The Job ${name} was refused: ${errorClause(error)}. Its Secret ${left}.`, error)
      }
      mayExist ||= KubeError.isInstance(error) && error.maybeApplied
      cause = error
    }
    try {
      await pauseOrGiveUp(context, cause, { startedAt, attempt, patience })
    } catch (error) {
      // What admission refused was not applied (docs/kubernetes-facts.md#refusals), so the lock guards nothing.
      if (!mayExist && RunError.isInstance(error) && error.code === 'refused') await releaseRunLock(context, secret)
      throw error
    }
  }
}

/** Removes the Job of a run that has lost its key. None of its containers can start: the Secret belongs to another run. */
async function removeLoser(context: RunnerContext, job: Job): Promise<string> {
  const { client, namespace, warn } = context
  const { name = '', uid } = job.metadata ?? {}
  try {
    await client.delete(kinds.Job, { name, namespace, propagationPolicy: 'Foreground', preconditions: { uid } })
    return 'was removed'
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return 'was removed'
    warn({ code: 'not_removed', message: `Job ${name} could not be removed: ${errorClause(error)}`, cause: error })
    return 'could not be removed, and will never start'
  }
}

/**
 * Makes the Job the owner of its Secret, so that both are deleted together. This happens after creating the Job: a Secret
 * whose owner is absent is collected at once (docs/kubernetes-facts.md#secret-lock). If the Secret was replaced, the key is lost and the
 * Job is removed.
 */
export async function linkSecret(context: RunnerContext, job: Job, secret: Secret, submitMs: number): Promise<void> {
  const { client, namespace, clock, random, warn } = context
  const { name = '', uid = '', ownerReferences = [] } = secret.metadata ?? {}
  const jobName = job.metadata?.name ?? ''
  const jobUid = job.metadata?.uid ?? ''
  if (ownerReferences.some((owner) => owner.uid === jobUid)) return
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid: jobUid }
  const body = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/metadata/ownerReferences', value: [owner] },
  ]
  const startedAt = clock.now()
  for (let attempt = 0; ; attempt += 1) {
    try {
      await client.patch(kinds.Secret, { name, namespace, type: 'json', body })
      return
    } catch (error) {
      if (isNotFound(error) || isInvalid(error) || isConflict(error)) {
        const fate = await removeLoser(context, job)
        throw new RunError(
          'lock_lost',
          `The Secret ${name} is no longer this run's: ${errorClause(error)}. Job ${jobName} ${fate}.`,
          { cause: error, retryable: true },
        )
      }
      if (isPassing(error) && clock.now() - startedAt <= submitMs) {
        await clock.sleep(backoffMs(attempt, { baseMs: 200, maxMs: 5000, random }))
        continue
      }
      // The run itself is fine. Its Secret then outlives the Job, and the next start of the key takes it over.
      warn({
        code: 'secret_not_linked',
        message: `The Secret ${name} has no owner: ${errorClause(error)}`,
        cause: error,
      })
      return
    }
  }
}
