import { isNotFound, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { LauncherError, maxSecretBytes, secretBytes } from '@agent-jobs/launcher'
import type { JournalSource, LogCursor, SpoolSettings } from '@agent-jobs/log-stream'
import { errorClause, systemClock, type Clock } from '@agent-jobs/primitives'
import { acquireRunLock, isPassing, releaseRunLock, type LockPatience } from './run-lock.ts'
import { followRun } from './follow-run.ts'
import { parseFollowSettings } from './follow-settings.ts'
import type { EvidencePatience } from './follow-step.ts'
import type { Job } from './kubernetes.ts'
import { annotation } from './labels.ts'
import { listRuns, type RunSummary } from './list-runs.ts'
import { buildManifest, type RunManifest } from './manifest.ts'
import { createQueueBoard } from './queue-board.ts'
import { reap, type ReapOptions, type ReapReport } from './reap.ts'
import { RunError } from './run-error.ts'
import type { RunHandle } from './run-handle.ts'
import type { RunRequest } from './run-request.ts'
import type { RunnerContext, RunnerWarning } from './runner-context.ts'
import { createOrAdoptJob, linkSecret } from './submit-job.ts'
import { validateRequest } from './validate-request.ts'
import { createWatchBoard } from './watch-board.ts'

/** Options of {@link createJobRunner}. */
export interface JobRunnerOptions {
  client: KubeClient
  namespace: string
  clock?: Clock
  /** Between 0 and 1, for jitter. */
  random?: () => number
  /** Called for recoverable problems. Ignored by default. */
  onWarning?: (warning: RunnerWarning) => void
  /** How long to retry an unresponsive API server at submission. Default 60,000. */
  submitTimeoutMs?: number
  /** How long a start waits for an earlier run of its key that is shutting down. Default 60,000. */
  handoverMs?: number
  /** How long a Secret without a Job must be unchanged before it counts as abandoned. Default 15,000. */
  abandonedMs?: number
  /**
   * How long a container may keep running after its end record was read, in milliseconds. Then its pod is stopped, and the
   * record is ignored. Default 10,000.
   */
  confirmEndMs?: number
  /** How long to wait for a sign that a run is starting before reading its Events. Default 2,000. */
  eventsMs?: number
  /**
   * How long a run may be silent before its newest line is requested, to detect a dead or stuck log connection. After a MiB
   * of output, which may have rotated the log, it is 30 s. Default 1,800,000. The end of a run is never missed, whatever the
   * value: the watch of pods reports it, and the rest of the log is read then.
   */
  silenceMs?: number
  /**
   * How long to keep trying to read the remaining output once the container has ended. A Job whose output could not be
   * read in that time stays until its TTL. Default 600,000.
   */
  drainMs?: number
  /** Where output waits for a slow consumer; pass one `budget` to all runners of a process. */
  spool?: SpoolSettings | undefined
}

/** Optional settings for following a run. */
export interface FollowOptions {
  /** Where the journal of the run can be read, to fill gaps. */
  journal?: JournalSource
  /** Aborts the call, not the run. */
  signal?: AbortSignal
}

/** Which run to attach to, and from where in its output. */
export interface RunReference {
  job: string
  uid?: string
  cursor?: LogCursor
}

/** How to attach. */
export interface AttachOptions extends FollowOptions {
  /** Only observes: the Job, its pod and its Secret stay for the process that owns the run. Default false. */
  observe?: boolean
}

/** Runs commands as Jobs in one namespace. */
export interface JobRunner {
  /** Submits a run, or adopts what an earlier attempt of the same run has created. Throws a RunError. */
  start(request: RunRequest, options?: FollowOptions): Promise<RunHandle>
  /** Follows a run that another process, or an earlier instance of this one, has submitted. */
  attach(reference: RunReference, options?: AttachOptions): Promise<RunHandle>
  /** All existing runs, newest first. */
  list(options?: { labelSelector?: string; signal?: AbortSignal }): Promise<RunSummary[]>
  /** Removes what no live run refers to. */
  reap(options: ReapOptions): Promise<ReapReport>
}

function manifestOf(request: RunRequest, namespace: string): RunManifest {
  validateRequest(request)
  let manifest: RunManifest
  try {
    manifest = buildManifest(request, namespace)
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    throw new RunError('invalid_request', `The run request is not valid: ${error.message}`, {
      cause: error,
      problems: [error.message],
    })
  }
  const bytes = secretBytes(manifest.secret.stringData ?? {})
  if (bytes > maxSecretBytes) {
    const problem = `\`secretEnv\`, stdin and files take ${bytes} bytes together; a Secret takes at most ${maxSecretBytes}`
    throw new RunError('invalid_request', `The run request is not valid: ${problem}.`, { problems: [problem] })
  }
  return manifest
}

/** Calls back into the caller's code. Node reports what it throws, and no run is affected. */
function safely<T>(callback: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      callback(value)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
}

/**
 * Makes a runner. It installs no signal handlers and stores nothing on disk: a process may end at any moment, and another
 * attaches.
 *
 * @example
 * const runner = createJobRunner({ client, namespace: 'agents' })
 * const run = await runner.start({ key: 'agent-7', runId: '42', image: 'node:24', command: { argv: ['node', '-v'] } })
 * for await (const event of run.events) if (event.type === 'line') console.log(event.text)
 * console.log((await run.outcome).kind)
 */
export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { client, namespace, clock = systemClock, random = Math.random, onWarning = () => undefined } = options
  const { submitTimeoutMs = 60_000, handoverMs = 60_000, abandonedMs = 15_000 } = options
  const { confirmEndMs = 10_000, eventsMs = 2000 } = options
  const { silenceMs = 1_800_000, drainMs = 600_000 } = options
  if (namespace === '') throw new TypeError('Expected `namespace` to be a non-empty string, got an empty one')
  const numbers = { submitTimeoutMs, handoverMs, abandonedMs, confirmEndMs, eventsMs, silenceMs, drainMs }
  for (const [name, value] of Object.entries(numbers)) {
    if (!(value >= 0)) throw new TypeError(`Expected \`${name}\` to be a non-negative number, got \`${value}\``)
  }
  const base = {
    client,
    namespace,
    clock,
    random,
    warn: safely(onWarning),
    endings: new Map(),
    spool: options.spool,
    trusted: false,
    closed: new AbortController(),
  }
  const context: RunnerContext = { ...base, queues: createQueueBoard(base) }
  const board = createWatchBoard(context)
  const patience: EvidencePatience = { endMs: confirmEndMs, eventsMs, silenceMs, drainMs }

  async function start(request: RunRequest, { journal, signal }: FollowOptions = {}): Promise<RunHandle> {
    const calledAt = clock.now()
    const { secret, job, settings } = manifestOf(request, namespace)
    signal?.throwIfAborted()
    // The watches open while the requests below are under way, so that no change is missed or delayed.
    const release = board.hold()
    try {
      const locks: LockPatience = { submitMs: submitTimeoutMs, webhookMs: settings.budgetMs, handoverMs, abandonedMs }
      const held = await acquireRunLock(context, board, secret, locks, signal)
      if (signal?.aborted) {
        await releaseRunLock(context, held)
        throw signal.reason
      }
      const created = await createOrAdoptJob(context, job, held, locks)
      const submittedMs = clock.now() - calledAt
      await linkSecret(context, created, held, submitTimeoutMs)
      const { key, runId } = request
      return followRun(context, board, { job: created, runId, key, settings, journal, calledAt, submittedMs }, patience)
    } finally {
      release()
    }
  }

  async function readJob(name: string, signal: AbortSignal | undefined): Promise<Job> {
    try {
      return await client.get(kinds.Job, { name, namespace, signal })
    } catch (error) {
      if (signal?.aborted) throw error
      if (!isNotFound(error)) {
        const passing = isPassing(error)
        const message = `Job ${name} cannot be read: ${errorClause(error)}. Nothing was changed; attach again.`
        throw new RunError(passing ? 'unreachable' : 'refused', message, { cause: error, retryable: passing })
      }
      throw new RunError(
        'job_not_found',
        `There is no Job ${name} in namespace ${namespace}. List the runs to see what is there.`,
        { cause: error },
      )
    }
  }

  async function attach(reference: RunReference, { journal, signal, observe }: AttachOptions = {}): Promise<RunHandle> {
    const calledAt = clock.now()
    const release = board.hold()
    try {
      const job = board.jobNamed(reference.job) ?? (await readJob(reference.job, signal))
      const { uid, annotations = {} } = job.metadata ?? {}
      if (reference.uid !== undefined && reference.uid !== uid) {
        throw new RunError(
          'job_not_found',
          `Job ${reference.job} is another one: its uid is ${uid}, not ${reference.uid}.`,
        )
      }
      const settings = parseFollowSettings(annotations[annotation.follow])
      if (settings === null) {
        throw new RunError(
          'not_ours',
          `Job ${reference.job} has no readable annotation ${annotation.follow}; it was not made by this package.`,
        )
      }
      const key = annotations[annotation.key] ?? ''
      const runId = annotations[annotation.runId] ?? ''
      const { cursor } = reference
      await board.synced(signal ?? new AbortController().signal)
      return followRun(context, board, { job, runId, key, settings, cursor, journal, observe, calledAt }, patience)
    } finally {
      release()
    }
  }

  return {
    start,
    attach,
    list: (o = {}) => listRuns(context, o),
    reap: (o) => reap(context, o),
  }
}
