import { existsSync } from 'node:fs'

/** How a launch ended. */
export interface LaunchEnd {
  exitCode: number
  /** A write is still in progress on a volume or a pipe that does not respond. */
  isStuck: boolean
}

/**
 * Ends this process with the exit code, even while a thread of node's pool is stuck in a write: `process.exit` would
 * wait for that thread forever (seen with Node 24.21 and a FIFO without a reader). Replacing the process does not.
 */
export function endProcess({ exitCode, isStuck }: LaunchEnd): void {
  if (!isStuck) process.exit(exitCode)
  // A shell ends at once; in an image without one, node does, some 40 ms later.
  if (existsSync('/bin/sh')) process.execve?.('/bin/sh', ['sh', '-c', `exit ${exitCode}`], {})
  process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${exitCode})`], {})
  // Before Node 22.15 the exit code is lost: 137, or 134 as the first process of a container, which SIGKILL spares.
  process.kill(process.pid, 'SIGKILL')
  process.abort()
}
