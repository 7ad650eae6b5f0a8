const maxCalls = 64
const maxBodyBytes = 8 * 1024 * 1024
const maxHeldBytes = 32 * 1024 * 1024

/** Thrown while a call is read: the proxy's own limits. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The share of one call in the budget. */
export interface CallShare {
  take(bytes: number): void
  /** Returns all of it. */
  release(): void
}

/** Limits how many calls, and how many bytes of them, the proxy holds at once. */
export function createCallBudget(): { enter(): CallShare } {
  let calls = 0
  let heldBytes = 0
  return {
    enter() {
      if (calls >= maxCalls) throw new Refusal(503, `more than ${maxCalls} calls at once`)
      calls += 1
      let taken = 0
      return {
        take(bytes) {
          taken += bytes
          heldBytes += bytes
          if (taken > maxBodyBytes) throw new Refusal(413, `more than ${maxBodyBytes} bytes in one call`)
          if (heldBytes > maxHeldBytes) throw new Refusal(503, `more than ${maxHeldBytes} bytes of calls are waiting`)
        },
        release() {
          calls -= 1
          heldBytes -= taken
        },
      }
    },
  }
}
