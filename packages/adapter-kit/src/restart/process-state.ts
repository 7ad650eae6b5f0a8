import { createJobRegister, type JobRegister } from '../jobs/job-register.ts'
import { createRunQueue, type RunQueue } from '../acquire/run-queue.ts'

/** State that the adapters of one server process share about their runs. */
export interface ProcessState {
  /** Ids of the runs that are in progress. */
  running: Set<string>
  /** The Jobs that runs of this process follow, or have finished with. */
  jobs: JobRegister
  /** The runs that wait for an agent's lock, in order. */
  queue: RunQueue
  /** Adapter types that have reattached to the Jobs of a previous process. */
  swept: Set<string>
  /** Folders of the data volume outside of Paperclip's that pods may write, with the company that they were given to. */
  granted: Map<string, string>
}

/** Empty: the state of a server that has just started. */
export function freshState(): ProcessState {
  return {
    running: new Set(),
    jobs: createJobRegister(),
    queue: createRunQueue(),
    swept: new Set(),
    granted: new Map(),
  }
}

// The number changes with the shape, so that two versions of this package never misread each other's state.
const key = Symbol.for('agent-jobs.adapter-process.3')

/**
 * The state of this process. A reload in Paperclip loads the package again next to the old code, which follows its
 * runs to their ends; what the new code must know about them cannot be kept in a module.
 */
export function processState(): ProcessState {
  const known: ProcessState | undefined = Reflect.get(globalThis, key)
  if (known !== undefined) return known
  const state = freshState()
  Reflect.set(globalThis, key, state)
  return state
}
