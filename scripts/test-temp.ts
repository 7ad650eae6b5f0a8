import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** vitest's global set-up: the tests of one run get a temp folder of their own, which goes with all they left in it. */
export default function useOwnTemp(): () => void {
  const shared = tmpdir()
  const before = { TMPDIR: process.env['TMPDIR'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }
  // Paperclip is 1.6 GB; its installation outlives the run.
  process.env['AGENT_JOBS_PAPERCLIP_DIR'] ??= join(shared, 'agent-jobs-paperclip')
  // A short name: what tests put below it may be a socket, whose whole path has 107 bytes at most.
  const own = mkdtempSync(join(shared, 'aj-'))
  // Like the system's: containers that run as other users come through here and write here.
  chmodSync(own, 0o1777)
  process.env['TMPDIR'] = own
  // Tests start dozens of node processes from the same sources: read and stripped of their types once, not each time.
  process.env['NODE_COMPILE_CACHE'] = join(own, 'compile-cache')
  return () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    rmSync(own, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}
