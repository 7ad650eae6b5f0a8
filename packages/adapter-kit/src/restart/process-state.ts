/** What the adapters of one server process know of each other's runs. */
export interface ProcessState {
  /** Ids of the runs that are under way. */
  running: Set<string>
  /** Jobs (by uid) that runs follow right now. */
  followed: Set<string>
  /** Jobs (by uid) whose result was reported and that are being removed. */
  reported: Set<string>
  /** Adapter types that have taken back what an earlier life of the server left. */
  swept: Set<string>
  /** Folders of the data volume outside of Paperclip's that pods may write, with the company that they were given to. */
  granted: Map<string, string>
}

/** Knows of nothing: the state of a server that has just begun. */
export function freshState(): ProcessState {
  return { running: new Set(), followed: new Set(), reported: new Set(), swept: new Set(), granted: new Map() }
}

// The number changes with the shape, so that two versions of this package never read each other's state wrongly.
const key = Symbol.for('agent-jobs.adapter-process.2')

/**
 * The state of this very process. A reload in Paperclip loads the package anew beside the old code, which follows its
 * runs to their ends; what the new code must know of them cannot be kept in a module.
 */
export function processState(): ProcessState {
  const known: ProcessState | undefined = Reflect.get(globalThis, key)
  if (known !== undefined) return known
  const state = freshState()
  Reflect.set(globalThis, key, state)
  return state
}
