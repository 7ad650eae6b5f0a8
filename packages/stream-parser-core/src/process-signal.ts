import type { ProcessEnd } from './process-end.ts'

const byNumber = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [3, 'SIGQUIT'],
  [4, 'SIGILL'],
  [6, 'SIGABRT'],
  [7, 'SIGBUS'],
  [8, 'SIGFPE'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [13, 'SIGPIPE'],
  [14, 'SIGALRM'],
  [15, 'SIGTERM'],
])

const fromOutside: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGTERM'])

/** The signal that ended the process: the given one, else the one that exit code 128+n encodes. */
export function endSignal(end: ProcessEnd): string | null {
  if (end.signal) return end.signal
  const code = end.exitCode ?? 0
  return code > 128 ? (byNumber.get(code - 128) ?? null) : null
}

/** True for signals that someone sends to stop a process; false for those that a crash raises. */
export function isStopSignal(signal: string): boolean {
  return fromOutside.has(signal)
}
