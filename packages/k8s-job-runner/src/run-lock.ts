import { isAlreadyExists, isConflict, isNotFound, isUnauthorized, KubeError, kinds } from '@agent-jobs/kube-api'
import { errorClause, backoffMs } from '@agent-jobs/primitives'
import type { Secret } from './kubernetes.ts'
import { inspectHolder } from './lock-holder.ts'
import { label } from './labels.ts'
import { RunError } from './run-error.ts'
import type { RunnerContext } from './runner-context.ts'
import { runTopic, type WatchBoard } from './watch-board.ts'

/** How long a claim tries and waits, in milliseconds. */
export interface ClaimPatience {
  /** For an API server that does not answer. */
  submitMs: number
  /** For a holder that is on its way out. */
  handoverMs: number
  /** For a holder whose Job does not exist yet. */
  unclaimedMs: number
}

async function readSecret({ client, namespace }: RunnerContext, name: string, signal?: AbortSignal) {
  try {
    return await client.get(kinds.Secret, { name, namespace, signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Deletes exactly this Secret in exactly this state. False when it has changed or somebody else was faster. */
async function deleteExactly({ client, namespace }: RunnerContext, secret: Secret, signal?: AbortSignal) {
  const { name = '', uid, resourceVersion } = secret.metadata ?? {}
  try {
    await client.delete(kinds.Secret, { name, namespace, preconditions: { uid, resourceVersion }, signal })
    return true
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return false
    throw error
  }
}

/** At least once in this time a holder on its way out is looked at again, whatever the watch tells. */
const lookAgainMs = 2000

/** Resolves when a holder has ended, at the next change of it where that is not known, or after a while. */
async function nextChange(
  context: RunnerContext,
  board: WatchBoard,
  topic: string | undefined,
  over: Promise<void> | undefined,
  maxMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const change = new AbortController()
  let told = false
  const leave =
    over !== undefined || topic === undefined
      ? undefined
      : board.subscribe(topic, () => (told ? change.abort() : undefined))
  // What is known already was told in the call above; only what comes now is a change.
  told = true
  const wait = context.clock
    .sleep(maxMs, signal === undefined ? change.signal : AbortSignal.any([signal, change.signal]))
    .catch((error: unknown) => {
      if (!change.signal.aborted) throw error
    })
  try {
    await (over === undefined ? wait : Promise.race([over, wait]))
  } finally {
    change.abort()
    leave?.()
  }
}

/**
 * Whether a failed call is worth another try: nothing says that the request itself is wrong. A 401 is such a failure too:
 * it says that nothing was done, and a token that is being rotated is good again in a minute.
 */
export function isPassing(error: unknown): boolean {
  return KubeError.isInstance(error) && (error.retryable || error.maybeApplied || error.status === 401)
}

/**
 * Takes the key of a run by creating its Secret; the name is the key's, so only one can exist. Returns the Secret that
 * holds the key now: the one just made, or that of an earlier attempt of the same run.
 */
export async function claimKey(
  context: RunnerContext,
  board: WatchBoard,
  secret: Secret,
  patience: ClaimPatience,
  signal?: AbortSignal,
): Promise<Secret> {
  const { client, clock, random } = context
  const name = secret.metadata?.name ?? ''
  const runHash = secret.metadata?.labels?.[label.runHash]
  const startedAt = clock.now()
  let endingSince: number | undefined
  let unclaimed: { uid: string | undefined; version: string | undefined; since: number } | undefined
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      const created = await client.create(kinds.Secret, secret, { signal })
      context.trusted = true
      return created
    } catch (error) {
      if (!isAlreadyExists(error)) {
        if (signal?.aborted) throw error
        // Credentials that have never worked will not heal by waiting.
        if (!isPassing(error) || (isUnauthorized(error) && !context.trusted)) {
          throw new RunError('refused', `The Secret ${name} was refused: ${errorClause(error)}. Nothing was created.`, {
            cause: error,
          })
        }
        if (clock.now() - startedAt > patience.submitMs) throw unreachable(error)
        await clock.sleep(backoffMs(attempt, { baseMs: 200, maxMs: 5000, random }), signal)
        continue
      }
      context.trusted = true
    }
    try {
      const current = await readSecret(context, name, signal)
      if (current === undefined) continue
      if (current.metadata?.labels?.[label.runHash] === runHash && current.metadata?.deletionTimestamp === undefined) {
        return current
      }
      const { state, holder } = await inspectHolder(context, current, signal)
      const { uid, resourceVersion: version } = current.metadata ?? {}
      const topic = runTopic(current.metadata?.labels?.[label.runHash])
      const busy = (): RunError =>
        new RunError(
          'key_busy',
          `The key is held by run ${holder.runId ?? 'unknown'} (Job ${holder.job ?? 'unknown'}): ${holder.state}. Attach to that Job, or wait for its end.`,
          { holder, retryable: true },
        )
      const ending = context.endings.get(current.metadata?.labels?.[label.runHash] ?? '')
      if (state === 'busy' && ending === undefined) throw busy()
      if (state === 'dead') {
        await deleteExactly(context, current, signal)
      } else if (state === 'ending' || ending !== undefined) {
        endingSince ??= clock.now()
        if (clock.now() - endingSince >= patience.handoverMs) throw busy()
        ending?.hurry()
        await nextChange(context, board, holder.uid, ending?.over, lookAgainMs, signal)
      } else if (unclaimed === undefined || unclaimed.uid !== uid || unclaimed.version !== version) {
        // Somebody may be between the two requests of a start. Only a claim that stands still is taken over.
        unclaimed = { uid, version, since: clock.now() }
        await nextChange(context, board, topic, undefined, patience.unclaimedMs, signal)
      } else {
        const left = unclaimed.since + patience.unclaimedMs - clock.now()
        if (left <= 0) await deleteExactly(context, current, signal)
        else await nextChange(context, board, topic, undefined, left, signal)
      }
    } catch (error) {
      if (signal?.aborted || RunError.isInstance(error)) throw error
      if (!isPassing(error)) {
        throw new RunError('refused', `Who holds the key cannot be seen: ${errorClause(error)}. Nothing was created.`, {
          cause: error,
        })
      }
      if (clock.now() - startedAt > patience.submitMs + patience.handoverMs) throw unreachable(error)
      await clock.sleep(backoffMs(attempt, { baseMs: 200, maxMs: 5000, random }), signal)
    }
  }
}

/** The error of a start whose fate is not known. */
export function unreachable(cause: unknown): RunError {
  const text = `The API server did not answer in time: ${errorClause(cause)}. Start the same run again; what exists of it is adopted.`
  return new RunError('unreachable', text, { cause, retryable: true })
}

/** Lets go of a key that was just taken and will not be used. False when its Secret may still be there. */
export async function releaseClaim(context: RunnerContext, secret: Secret): Promise<boolean> {
  const { client, namespace, warn } = context
  const { name = '', uid } = secret.metadata ?? {}
  try {
    await client.delete(kinds.Secret, { name, namespace, preconditions: { uid } })
    return true
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return true
    const message = `The Secret ${name} could not be removed: ${errorClause(error)}. The next start of its key, or reap, will.`
    warn({ code: 'secret_left', message, cause: error })
    return false
  }
}
