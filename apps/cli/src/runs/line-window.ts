import type { RunEvent } from '@agent-jobs/k8s-job-runner'
import { KubeError, type KubeClient } from '@agent-jobs/kube-api'
import { createFrameDecoder } from '@agent-jobs/log-stream'
import type { RunView } from './run-view.ts'

/** Which lines are shown, and for how long. */
export interface LineSelection {
  /** Lines with a lower number, or an earlier time, are read but not shown. */
  readonly from: number
  readonly sinceMs: number
  readonly timestamps: boolean
  /** The number of the last line; undefined to follow the run to its end. */
  readonly until: number | undefined
}

type LineEvent = Extract<RunEvent, { type: 'line' }>

/** Whether a line is in the requested window. */
export function isShown({ seq, time }: LineEvent, { from, sinceMs }: LineSelection): boolean {
  return seq >= from && time >= sinceMs
}

/** What a run has printed by now: the number of its last line, and of the first of the last `tail` lines. */
export interface OutputExtent {
  /** Undefined when nothing was printed, or nothing can be read. */
  readonly last: number | undefined
  readonly from: number
}

/** Measures the output of a run as far as its log has it. */
export async function measureOutput(client: KubeClient, run: RunView, tail: number | undefined): Promise<OutputExtent> {
  const { pod, namespace } = run
  if (pod === null) return { last: undefined, from: 0 }
  const recent: number[] = []
  let last: number | undefined
  const decoder = createFrameDecoder()
  try {
    const { body } = await client.openLog({ namespace, pod })
    for await (const chunk of body) {
      for (const entry of decoder.push(chunk)) {
        if (entry.kind !== 'frame' || entry.frame.stream === 'l' || entry.frame.flag !== '.') continue
        last = entry.frame.seq
        recent.push(last)
        if (recent.length > (tail ?? 0) * 2 + 1024) recent.splice(0, recent.length - (tail ?? 0))
      }
    }
  } catch (cause) {
    // A pod that has not started has no log, so there are no lines to count.
    if (!KubeError.isInstance(cause)) throw cause
  }
  if (tail === undefined) return { last, from: 0 }
  if (tail === 0) return { last, from: (last ?? -1) + 1 }
  return { last, from: recent.at(-tail) ?? 0 }
}
