import { isAlreadyExists, isConflict, isNotFound, isUnauthorized, KubeError, kinds } from '@agent-jobs/kube-api'
import { backoffMs, createLatch, errorClause, firstOf } from '@agent-jobs/primitives'
import type { Ending } from './endings.ts'
import type { Secret } from './kubernetes.ts'
import { label } from './labels.ts'
import { inspectHolder, type HolderReport } from './lock-holder.ts'
import { RunError } from './run-error.ts'
import type { RunnerContext } from './runner-context.ts'
import { runTopic, type WatchBoard } from './watch-board.ts'

/** How long acquiring a run lock retries and waits, in milliseconds. */
export interface LockPatience {
  /** For an API server that does not answer. */
  submitMs: number
  /** For an unresponsive admission webhook: a temporary problem that counts as part of the start. */
  webhookMs: number
  /** For a holder that is shutting down. */
  handoverMs: number
  /** For a holder whose Job does not exist yet. */
  abandonedMs: number
}

async function readSecret({ client, namespace }: RunnerContext, name: string, signal?: AbortSignal) {
  try {
    return await client.get(kinds.Secret, { name, namespace, signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Deletes exactly this Secret in exactly this state. It may have changed, or be gone, by then. */
async function deleteExactly({ client, namespace }: RunnerContext, secret: Secret, signal?: AbortSignal) {
  const { name = '', uid, resourceVersion } = secret.metadata ?? {}
  try {
    await client.delete(kinds.Secret, { name, namespace, preconditions: { uid, resourceVersion }, signal })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

/** How often to check a holder that is shutting down, whatever the watch reports. */
const lookAgainMs = 2000

/** Resolves when the holder has ended; if that is not known, at its next change or after a while. */
async function nextChange(
  { clock }: RunnerContext,
  board: WatchBoard,
  o: { topic: string | undefined; over?: Ending['over'] | undefined; maxMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const { topic, over, maxMs, signal } = o
  const pause = (s: AbortSignal) => clock.sleep(maxMs, s)
  if (over !== undefined) return firstOf([over, pause], signal)
  if (topic === undefined) return clock.sleep(maxMs, signal)
  const change = createLatch()
  let isSubscribed = false
  const leave = board.subscribe(topic, () => (isSubscribed ? change.open() : undefined))
  // The call above reported what is already known; only what arrives now is a change.
  isSubscribed = true
  try {
    await firstOf([change.wait, pause], signal)
  } finally {
    leave()
  }
}

/** Whether the API server refused because an admission webhook did not answer. */
function isWebhookFailure(error: unknown): boolean {
  const cause = KubeError.isInstance(error) ? error.refusal?.cause : undefined
  return cause === 'webhook_slow' || cause === 'webhook_unreachable'
}

/**
 * Whether to retry a failed call: nothing says that the request itself is wrong. A 401 counts too:
 * nothing was done, and a token that is being rotated is valid again within a minute. A refusal by name is an answer, not a
 * failure, except from a webhook that did not answer.
 */
export function isPassing(error: unknown): boolean {
  if (!KubeError.isInstance(error)) return false
  if (error.refusal !== undefined) return isWebhookFailure(error)
  return error.retryable || error.maybeApplied || error.status === 401
}

/** The error of a request that the API server refused. */
export function refused(text: string, cause: unknown): RunError {
  const retryable = KubeError.isInstance(cause) && cause.refusal?.passing === true
  return new RunError('refused', text, { cause, retryable })
}

/** The error of a start when it is unknown whether the run exists. */
function unreachable(cause: unknown): RunError {
  const text = `The API server did not answer in time: ${errorClause(cause)}. Start the same run again; what exists of it is adopted.`
  return new RunError('unreachable', text, { cause, retryable: true })
}

/** Waits before retrying a call that failed temporarily; throws once the patience is used up. */
export async function pauseOrGiveUp(
  { clock, random }: RunnerContext,
  error: unknown,
  o: { startedAt: number; attempt: number; patience: Pick<LockPatience, 'submitMs' | 'webhookMs'> },
  signal?: AbortSignal,
): Promise<void> {
  const { startedAt, attempt, patience } = o
  const isWebhook = isWebhookFailure(error)
  if (clock.now() - startedAt > (isWebhook ? patience.webhookMs : patience.submitMs)) {
    if (!isWebhook) throw unreachable(error)
    throw refused(`The API server could not admit the run: ${errorClause(error)}. Start the same run again.`, error)
  }
  await clock.sleep(backoffMs(attempt, { baseMs: 200, maxMs: 5000, random }), signal)
}

function busy({ holder }: HolderReport): RunError {
  const { runId = 'unknown', job = 'unknown', state } = holder
  const text = `The key is held by run ${runId} (Job ${job}): ${state}. Attach to that Job, or wait for its end.`
  return new RunError('run_locked', text, { holder, retryable: true })
}

/** What is remembered about the holder between checks. */
interface Waiting {
  endingSince?: number | undefined
  abandoned?: { uid: string | undefined; version: string | undefined; since: number } | undefined
}

/** Checks the holder of a lock once: takes over from a dead one, waits for an ending one, refuses for a live one. */
async function waitForHolder(
  context: RunnerContext,
  board: WatchBoard,
  current: Secret,
  o: { patience: LockPatience; waiting: Waiting; signal?: AbortSignal | undefined },
): Promise<Waiting> {
  const { clock } = context
  const { patience, waiting, signal } = o
  const runHash = current.metadata?.labels?.[label.runHash]
  const report = await inspectHolder(context, current, signal)
  const ending = context.endings.get(runHash ?? '')
  const isEnding = report.state === 'ending' || (report.state !== 'dead' && ending !== undefined)
  if (report.state === 'dead') {
    await deleteExactly(context, current, signal)
    return waiting
  }
  if (isEnding) {
    const endingSince = waiting.endingSince ?? clock.now()
    if (clock.now() - endingSince >= patience.handoverMs) throw busy(report)
    ending?.hurry()
    await nextChange(context, board, { topic: report.holder.uid, over: ending?.over, maxMs: lookAgainMs, signal })
    return { ...waiting, endingSince }
  }
  if (report.state === 'busy') throw busy(report)
  // Another start may be between its two requests. Take over only a lock that has not changed for a while.
  const { uid, resourceVersion: version } = current.metadata ?? {}
  const known = waiting.abandoned
  const isSame = known !== undefined && known.uid === uid && known.version === version
  const abandoned = isSame ? known : { uid, version, since: clock.now() }
  const left = abandoned.since + patience.abandonedMs - clock.now()
  if (left <= 0) await deleteExactly(context, current, signal)
  else await nextChange(context, board, { topic: runTopic(runHash), maxMs: left, signal })
  return { ...waiting, abandoned }
}

/** Creates the lock's Secret. Undefined when the name is taken. */
async function createLock(
  context: RunnerContext,
  secret: Secret,
  o: { startedAt: number; attempt: number; patience: LockPatience; signal?: AbortSignal | undefined },
): Promise<Secret | 'taken' | 'again'> {
  try {
    const created = await context.client.create(kinds.Secret, secret, { signal: o.signal })
    context.trusted = true
    return created
  } catch (error) {
    if (isAlreadyExists(error)) {
      context.trusted = true
      return 'taken'
    }
    if (o.signal?.aborted) throw error
    // Credentials that have never worked will not become valid by waiting.
    if (!isPassing(error) || (isUnauthorized(error) && !context.trusted)) {
      throw refused(
        `The Secret ${secret.metadata?.name} was refused: ${errorClause(error)}. Nothing was created.`,
        error,
      )
    }
    await pauseOrGiveUp(context, error, o, o.signal)
    return 'again'
  }
}

/**
 * Acquires the lock of a key by creating its Secret; the name is the key's, so only one can exist. Returns the Secret that
 * holds the lock: the one just created, or that of an earlier attempt of the same run.
 */
export async function acquireRunLock(
  context: RunnerContext,
  board: WatchBoard,
  secret: Secret,
  patience: LockPatience,
  signal?: AbortSignal,
): Promise<Secret> {
  const { clock } = context
  const name = secret.metadata?.name ?? ''
  const runHash = secret.metadata?.labels?.[label.runHash]
  const startedAt = clock.now()
  let waiting: Waiting = {}
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted()
    const created = await createLock(context, secret, { startedAt, attempt, patience, signal })
    if (created === 'again') continue
    if (created !== 'taken') return created
    try {
      const current = await readSecret(context, name, signal)
      if (current === undefined) continue
      const { labels, deletionTimestamp } = current.metadata ?? {}
      if (labels?.[label.runHash] === runHash && deletionTimestamp === undefined) return current
      waiting = await waitForHolder(context, board, current, { patience, waiting, signal })
    } catch (error) {
      if (signal?.aborted || RunError.isInstance(error)) throw error
      if (!isPassing(error)) {
        throw refused(`The holder of the key could not be read: ${errorClause(error)}. Nothing was created.`, error)
      }
      const readPatience = { ...patience, submitMs: patience.submitMs + patience.handoverMs }
      await pauseOrGiveUp(context, error, { startedAt, attempt, patience: readPatience }, signal)
    }
  }
}

/** Releases an unused lock that was just acquired. False when its Secret may still exist. */
export async function releaseRunLock(context: RunnerContext, secret: Secret): Promise<boolean> {
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
