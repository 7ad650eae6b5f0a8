import { readFileSync } from 'node:fs'

// The container's own control group: version 2, then version 1.
const files = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']

/** How many processes of this container the kernel has killed for memory so far; 0 if unknown. */
export function memoryKills(paths: readonly string[] = files): number {
  for (const path of paths) {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch {
      // Not this version, or no control groups at all: then nothing is known about memory.
      continue
    }
    const count = /^oom_kill (\d+)$/m.exec(text)?.[1]
    if (count !== undefined) return Number(count)
  }
  return 0
}

/** Counts the kills from now on: the control group may have counted earlier ones. */
export function countMemoryKills(read: () => number = memoryKills): () => number {
  const before = read()
  return () => read() - before
}
