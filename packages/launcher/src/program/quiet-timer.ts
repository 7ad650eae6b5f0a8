/** Fires when `touch` was not called for a while. */
export interface QuietTimer {
  start(): void
  touch(): void
  stop(): void
}

/** Creates a timer that is cheap to touch: it checks the last touch only when it is due. */
export function createQuietTimer(ms: number | undefined, fire: () => void): QuietTimer {
  let last = 0
  let timer: NodeJS.Timeout | undefined
  const check = (): void => {
    const left = last + (ms ?? 0) - performance.now()
    timer = left > 0 ? setTimeout(check, Math.ceil(left)) : undefined
    if (timer === undefined) fire()
  }
  return {
    start() {
      last = performance.now()
      if (ms !== undefined) timer ??= setTimeout(check, ms)
    },
    touch() {
      last = performance.now()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
