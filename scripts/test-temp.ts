import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * vitest's global set-up: the tests of one run get a temp folder of their own, which goes with all they left in it when
 * vitest exits. Not in a tear-down: its workers end after that, and write what they have compiled into the cache.
 */
export default function useOwnTemp(): void {
  const shared = tmpdir()
  // Paperclip is 1.6 GB; its installation outlives the run.
  process.env['AGENT_JOBS_PAPERCLIP_DIR'] ??= join(shared, 'agent-jobs-paperclip')
  // A short name: what tests put below it may be a socket, whose whole path has 107 bytes at most.
  const own = mkdtempSync(join(shared, 'aj-'))
  // Like the system's: containers that run as other users come through here and write here.
  chmodSync(own, 0o1777)
  process.env['TMPDIR'] = own
  // Tests start dozens of node processes from the same sources: read and stripped of their types once, not each time.
  process.env['NODE_COMPILE_CACHE'] = join(own, 'compile-cache')
  process.once('exit', () => {
    try {
      rmSync(own, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    } catch (error) {
      // The verdict on the tests stands.
      console.error(`The temp folder of these tests is left at ${own}: ${String(error)}`)
    }
  })
}
