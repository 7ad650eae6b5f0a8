import { getEventListeners } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { systemClock, type Clock } from '../src/index.ts'

// What a process holds and what would accumulate over time. The test runner's own timers come and go, so ours are counted
// at the clock.
const counted = new Set(['TCPSocketWrap', 'TLSWrap', 'PipeWrap', 'ProcessWrap'])

/** What a scenario leaves behind, compared to the state before. */
export interface Leftovers {
  /** Sockets, pipes and processes above the number before, by name; empty when all are released. */
  readonly resources: Readonly<Record<string, number>>
  /** Waits that never ended. */
  readonly sleepers: number
  /** Listeners on the scenario's signal. */
  readonly listeners: number
  /** Paths of files that were opened and not closed; always empty where the system does not list them. */
  readonly files: readonly string[]
}

/** What a scenario leaves that releases everything. */
export const nothing: Leftovers = { resources: {}, sleepers: 0, listeners: 0, files: [] }

function held(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    if (counted.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Paths of the open files of this process, also of those that were removed. */
function openFiles(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith('/') && !/^\/(?:dev|proc|sys)\/|\.(?:ts|js|mjs|json)$/.test(path) ? [path] : []
    } catch (error) {
      // The descriptor of the listing itself is closed by now.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  })
}

/** The real clock, counting sleepers. */
function countingClock(): Clock & { readonly sleepers: number } {
  let sleepers = 0
  return {
    ...systemClock,
    async sleep(ms, signal) {
      sleepers += 1
      try {
        await systemClock.sleep(ms, signal)
      } finally {
        sleepers -= 1
      }
    },
    get sleepers() {
      return sleepers
    },
  }
}

// A killed process is reaped within milliseconds, on a busy machine within a second.
const patienceMs = 5_000

/**
 * Runs a scenario with a signal that outlives it, and returns what it leaves behind. Resources being released get a few
 * seconds.
 */
export async function leftoversOf(scenario: (signal: AbortSignal, clock: Clock) => Promise<void>): Promise<Leftovers> {
  const before = held()
  const filesBefore = new Set(openFiles())
  const { signal } = new AbortController()
  const clock = countingClock()
  await scenario(signal, clock)
  const until = performance.now() + patienceMs
  for (;;) {
    const more = [...held()].map(([name, count]): [string, number] => [name, count - (before.get(name) ?? 0)])
    const resources = Object.fromEntries(more.filter(([, count]) => count > 0))
    const files = openFiles().filter((path) => !filesBefore.has(path))
    const listeners = getEventListeners(signal, 'abort').length
    const left = { resources, sleepers: clock.sleepers, listeners, files }
    const isClean = Object.keys(resources).length + left.sleepers + listeners + files.length === 0
    if (isClean || performance.now() > until) return left
    await new Promise((resolve) => setImmediate(resolve))
  }
}
