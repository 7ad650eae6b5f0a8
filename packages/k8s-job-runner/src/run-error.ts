import { BrandedError, type BrandedErrorOptions } from '@agent-jobs/primitives'

/** The stable codes of {@link RunError}. */
export type RunErrorCode = keyof typeof runErrorTable

/** Every code this package throws: what it means and what to do. The README's table is generated from this. */
export const runErrorTable = {
  invalid_request: {
    means: 'The request cannot become a valid Job. Nothing was created.',
    todo: 'Correct what the message lists; `problems` holds one text for each fault.',
  },
  run_locked: {
    means: 'Another run holds the key, and it may still be at work.',
    todo: 'Attach to the Job named in `holder`, or wait until it has ended.',
  },
  job_name_taken: {
    means: 'A Job of that name exists and belongs to another run.',
    todo: 'Choose another `name`, or leave it out to have one made of key and run id.',
  },
  refused: {
    means: 'The API server refused a request for the run. What had been created was removed, or the message names it.',
    todo: 'Read the words of the server in the message: permissions, quota of objects, admission.',
  },
  unreachable: {
    means: 'The API server did not answer in time, and it is not known whether the run exists.',
    todo: 'Call `start` again with the same key and run id, it adopts what was created; or `attach` again.',
  },
  lock_lost: {
    means: 'Another process took the key while this one was submitting. The Job just created was removed.',
    todo: 'Start again; the message names the holder.',
  },
  job_not_found: {
    means: 'The Job does not exist, or was replaced by one of the same name.',
    todo: 'It may have been removed by its TTL or by someone. List the runs to see what is there.',
  },
  not_ours: {
    means: 'The Job was not made by this package: it lacks the annotation that says how to follow it.',
    todo: 'Attach only to Jobs that `list` returns.',
  },
  detached: {
    means: 'The handle was detached, or the client closed. The Job goes on.',
    todo: 'Attach to it to learn its outcome.',
  },
  events_taken: {
    means: 'The events of a handle can be read once.',
    todo: 'Read them in one place and share from there.',
  },
} as const

/** The run that holds a key. */
export interface LockHolder {
  readonly runId: string | undefined
  readonly job: string | undefined
  readonly uid: string | undefined
  /** Its state when it was checked. */
  readonly state: string
}

/** The one error of this package. `code` is stable; the message says what was seen, where, and what to do next. */
export class RunError extends BrandedError<RunErrorCode> {
  static override readonly errorName = 'RunError'
  /** Of `run_locked`: the run that holds the key. */
  readonly holder: LockHolder | undefined
  /** Of `invalid_request`: one text for each problem. */
  readonly problems: readonly string[]

  constructor(
    code: RunErrorCode,
    message: string,
    details: BrandedErrorOptions & { holder?: LockHolder; problems?: readonly string[] } = {},
  ) {
    super(code, message, details)
    this.holder = details.holder
    this.problems = details.problems ?? []
  }
}
