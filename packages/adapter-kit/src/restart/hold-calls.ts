import { errorMessage } from '@agent-jobs/primitives'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { holdTokens, releaseTokens } from '../paperclip-api/run-tokens.ts'
import type { VolumePlace } from '../volume/held-folder.ts'
import type { LiveRecord, LiveRecords } from './live-records.ts'

/** Jobs whose agents' calls to Paperclip are held. */
export interface HeldCalls {
  /** Releases the calls of all held Jobs, or of all but these. */
  release(except?: ReadonlySet<string>): Promise<void>
}

/**
 * Holds the calls of agents from a previous process to Paperclip. An agent that closed its issue before a run adopted its
 * Job would leave that run without a task: Paperclip drops it, and with it the Job's output, usage and session.
 */
export async function holdCalls(deps: AdapterDependencies, records: LiveRecords): Promise<HeldCalls> {
  const held = new Map<string, VolumePlace>()
  const attempt = async (job: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      deps.onWarning(`The tokens of Job ${job} cannot be put aside or back: ${errorMessage(error)}`, {
        code: 'tokens_not_held',
      })
    }
  }
  const left = (await records.list()).filter((record): record is LiveRecord & { tokenFile: VolumePlace } => {
    return record.reported !== true && record.tokenFile !== undefined
  })
  for (const { job, tokenFile } of left) {
    await attempt(job, async () => {
      await holdTokens(tokenFile)
      held.set(job, tokenFile)
    })
  }
  return {
    async release(except = new Set()) {
      for (const [job, file] of held) {
        if (except.has(job)) continue
        held.delete(job)
        await attempt(job, () => releaseTokens(file))
      }
    },
  }
}
