import { errorClause } from '@agent-jobs/primitives'
import type { KubeError } from '../kube-error.ts'

/** A problem of a watch that keeps retrying. */
export interface WatchProblem {
  /** The plural of the kind, and the namespace if any. */
  readonly watch: string
  readonly error: KubeError
  /** Failures in a row; 0 when the watch continues at once, in another way. */
  readonly failures: number
}

// The first failures of a restarting server are resolved before anyone could react to them.
const worthTelling = 3

/**
 * Creates an `onWatchProblem` for people: a watch that keeps failing is reported after three failures in a row, and
 * then each time their number has doubled. A watch that had to be replaced by a list is reported once.
 *
 * @example
 * createKubeClient({ kubeConfig, onWatchProblem: reportWatchProblems((message) => console.error(message)) })
 */
export function reportWatchProblems(report: (message: string) => void): (problem: WatchProblem) => void {
  const replaced = new Set<string>()
  return ({ watch, error, failures }) => {
    if (failures > 0) {
      const isDue = failures >= worthTelling && Number.isInteger(Math.log2(failures / worthTelling))
      if (isDue)
        report(`Watching ${watch} has failed ${failures} times in a row: ${errorClause(error)}. Still retrying.`)
      return
    }
    const key = `${watch} ${error.code}`
    if (error.code === 'gone' || replaced.has(key)) return
    replaced.add(key)
    report(`Watching ${watch} is replaced by listing: ${errorClause(error)}.`)
  }
}
