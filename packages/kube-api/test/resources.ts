import { getEventListeners } from 'node:events'
import { systemClock, type Clock } from '@agent-jobs/primitives'

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
}

function held(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    if (counted.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
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
  const { signal } = new AbortController()
  const clock = countingClock()
  await scenario(signal, clock)
  const until = performance.now() + patienceMs
  for (;;) {
    const more = [...held()].map(([name, count]): [string, number] => [name, count - (before.get(name) ?? 0)])
    const resources = Object.fromEntries(more.filter(([, count]) => count > 0))
    const left = { resources, sleepers: clock.sleepers, listeners: getEventListeners(signal, 'abort').length }
    const isClean = Object.keys(resources).length === 0 && left.sleepers === 0 && left.listeners === 0
    if (isClean || performance.now() > until) return left
    await new Promise((resolve) => setImmediate(resolve))
  }
}
