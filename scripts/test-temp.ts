import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * vitest's global setup: the tests of one run get their own temp folder, which is removed when vitest exits. Not in a
 * teardown: its workers exit later, and write what they have compiled into the cache.
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
      // This does not change the result of the tests.
      console.error(`The temp folder of these tests is left at ${own}: ${String(error)}`)
    }
  })
}
