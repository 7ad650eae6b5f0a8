import { isAlreadyExists, isConflict, isInvalid, isNotFound, kinds } from '@agent-jobs/kube-api'
import { isPassing, releaseClaim, unreachable } from './claim-key.ts'
import type { Job, Secret } from './kubernetes.ts'
import { label } from './labels.ts'
import { RunError } from './run-error.ts'
import { backoffMs, errorText, type RunnerContext } from './runner-context.ts'

/** The Job of this run under its name, or null when the name belongs to another run or to nobody. */
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

/**
 * Creates the Job, or adopts the one that an earlier attempt of the same run has created. From here on no signal
 * counts: once the request is on its way, only its answer says whether there is a Job.
 */
export async function createOrAdoptJob(
  context: RunnerContext,
  job: Job,
  secret: Secret,
  submitMs: number,
): Promise<Job> {
  const { client, clock, random } = context
  const name = job.metadata?.name ?? ''
  const startedAt = clock.now()
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await client.create(kinds.Job, job)
    } catch (error) {
      if (isAlreadyExists(error)) {
        const own = await readOwn(context, job)
        if (own === 'strange') {
          await releaseClaim(context, secret)
          throw new RunError('job_name_taken', `A Job ${name} exists and is not this run's. Choose another name.`, {
            cause: error,
          })
        }
        if (own !== 'absent') return own
      } else if (!isPassing(error)) {
        const left = (await releaseClaim(context, secret)) ? 'was removed' : 'could not be removed; reap will do it'
        throw new RunError('refused', `The Job ${name} was refused: ${errorText(error)}. Its Secret ${left}.`, {
          cause: error,
        })
      }
      if (clock.now() - startedAt > submitMs) throw unreachable(error)
      await clock.sleep(backoffMs(attempt, random))
    }
  }
}

/**
 * Makes the Job the owner of its Secret, so that the two go together. It comes after the Job: a Secret whose owner is
 * absent is collected within 57 ms. When the Secret is another one by now, the key is lost and the Job is removed.
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
        await client.delete(kinds.Job, {
          name: jobName,
          namespace,
          propagationPolicy: 'Foreground',
          preconditions: { uid: jobUid },
        })
        throw new RunError(
          'lock_lost',
          `The Secret ${name} is no longer this run's: ${errorText(error)}. Job ${jobName} was removed.`,
          {
            cause: error,
            retryable: true,
          },
        )
      }
      if (isPassing(error) && clock.now() - startedAt <= submitMs) {
        await clock.sleep(backoffMs(attempt, random))
        continue
      }
      // The run itself is well. Its Secret then outlives the Job, and the next start of the key takes it over.
      warn({ code: 'secret_not_linked', message: `The Secret ${name} has no owner: ${errorText(error)}`, cause: error })
      return
    }
  }
}
