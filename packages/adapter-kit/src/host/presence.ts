import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process of this server that lives as long as it follows a run. */
export interface Presence {
  readonly pid: number
  readonly startedAt: string
  /** Resolves when the process is gone. */
  close(): Promise<void>
}

/**
 * Starts one: Paperclip shows a run as "Working" only while the process that its adapter named is alive, and as "Confirming
 * execution" otherwise (docs/paperclip-facts.md#process). It waits for the end of its input, so it ends with this server
 * however that dies. Null where there is no `cat`.
 */
export async function openPresence(now: () => number = Date.now, program = 'cat'): Promise<Presence | null> {
  const child = spawn(program, [], { stdio: ['pipe', 'ignore', 'ignore'] })
  const { pid } = child
  const { stdin } = child
  // The process may be gone before its input is closed.
  stdin.on('error', () => undefined)
  if (pid === undefined) {
    await once(child, 'error').catch(() => undefined)
    return null
  }
  child.on('error', () => undefined)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.unref()
  return {
    pid,
    startedAt: new Date(now()).toISOString(),
    async close() {
      stdin.destroy()
      await gone
    },
  }
}
