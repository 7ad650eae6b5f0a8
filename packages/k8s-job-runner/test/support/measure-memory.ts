import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What this process holds, in MiB. */
export interface Memory {
  heap: number
  rss: number
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Collects what is garbage, finalizers included, and measures what is left. */
export async function measureMemory(): Promise<Memory> {
  for (let pass = 0; pass < 2; pass += 1) {
    collect()
    await sleep(0)
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed / 2 ** 20, rss: rss / 2 ** 20 }
}
