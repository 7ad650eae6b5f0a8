/** How much all followers of a process may keep on disk together, shared by passing the same object to each. */
export interface SpoolBudget {
  /** Whether more may be written. */
  readonly hasRoom: boolean
  /** Current size of the temporary files, in bytes. */
  readonly usedBytes: number
  /** The files of one follower grew by this many bytes, or shrank if negative. */
  use(bytes: number): void
}

/**
 * Makes a budget of `diskBytes`. A follower that finds it used up waits for its consumer, as it does at its own limit; what
 * it has already read is still written, so the files can exceed it a little.
 *
 * @example
 * const budget = createSpoolBudget({ diskBytes: 4 * 1024 ** 3 })
 * followLogs(source, { framing: 'launcher', containerEnded, spool: { budget, directory: '/var/spool/agent-jobs' } })
 */
export function createSpoolBudget({ diskBytes }: { diskBytes: number }): SpoolBudget {
  if (!(diskBytes >= 0))
    throw new TypeError(`Expected \`diskBytes\` to be a number of at least 0, got \`${diskBytes}\``)
  let usedBytes = 0
  return {
    get hasRoom() {
      return usedBytes < diskBytes
    },
    get usedBytes() {
      return usedBytes
    },
    use(bytes) {
      usedBytes += bytes
    },
  }
}
