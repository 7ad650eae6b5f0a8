import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { systemErrorCode } from '@agent-jobs/primitives'

/** Sends a signal to all processes of a group; false when none receives it. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch (error) {
    // EPERM is macOS's answer for a group of zombies.
    if (systemErrorCode(error) === 'ESRCH' || systemErrorCode(error) === 'EPERM') return false
    throw error
  }
}

/** The live processes of a group, as `name(pid)`; zombies are excluded where the system distinguishes them. */
function living(group: number): string[] {
  if (!signalGroup(group, 0)) return []
  if (!existsSync('/proc/self/stat')) return ['unnamed']
  const found: string[] = []
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    let stat: string
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    } catch {
      continue // It ended in the meantime.
    }
    // `pid (name) state parent group …`; the name may contain spaces and parentheses.
    const close = stat.lastIndexOf(')')
    const [state, , itsGroup] = stat.slice(close + 2).split(' ')
    if (Number(itsGroup) === group && state !== 'Z' && state !== 'X') {
      found.push(`${stat.slice(stat.indexOf('(') + 1, close)}(${pid})`)
    }
  }
  return found
}

/**
 * Ends what is left of a group whose first process is gone: SIGTERM, then SIGKILL after `graceMs`. The system has no
 * event for "the group is empty", so it is polled, less and less often. Returns what was found.
 */
export async function endGroup(group: number, graceMs: number): Promise<string[]> {
  const found = living(group)
  if (found.length === 0) return found
  const startedAt = performance.now()
  let killed = false
  signalGroup(group, 'SIGTERM')
  for (let wait = 5; living(group).length > 0; wait = Math.min(wait * 2, 100)) {
    const spent = performance.now() - startedAt
    // A process in an uninterruptible wait outlives SIGKILL; it cannot write any more.
    if (spent > graceMs + 1000) break
    if (spent >= graceMs && !killed) {
      killed = true
      signalGroup(group, 'SIGKILL')
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
  }
  return found
}
