/** One run's place in the queue for an agent's lock. */
export interface QueuePlace {
  /** Runs of this process that were there before; 0 for the one whose turn it is. */
  readonly ahead: number
  /** Leaves the queue. Idempotent. */
  leave(): void
}

/** The runs of one process that want the same lock, first come, first served. */
export interface RunQueue {
  /** Takes the last place; `onMove` is called when a run ahead has left. */
  join(key: string, onMove: () => void): QueuePlace
}

interface Waiting {
  onMove(): void
}

/** Creates the queues of one process. */
export function createRunQueue(): RunQueue {
  const queues = new Map<string, Waiting[]>()
  return {
    join(key, onMove) {
      const me: Waiting = { onMove }
      const queue = queues.get(key) ?? []
      queues.set(key, queue)
      queue.push(me)
      return {
        get ahead() {
          return Math.max(0, queue.indexOf(me))
        },
        leave() {
          const index = queue.indexOf(me)
          if (index < 0) return
          queue.splice(index, 1)
          if (queue.length === 0) queues.delete(key)
          for (const other of queue.slice(index)) other.onMove()
        },
      }
    },
  }
}
