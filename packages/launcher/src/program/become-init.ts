import { accessSync, constants } from 'node:fs'
import { initScript } from '../init-script.ts'

/**
 * As the first process of a container, turns into a small shell that runs the launcher, passes signals on to it and
 * reaps orphans; then this function does not return. Without a shell, or on a Node older than 22.15 (no
 * `process.execve`), the launcher itself stays the first process: everything but the reaping works.
 */
export function becomeInit(): void {
  if (process.pid !== 1 || typeof process.execve !== 'function') return
  try {
    // Checked first because node aborts when execve fails.
    accessSync('/bin/sh', constants.X_OK)
  } catch {
    return
  }
  process.execve('/bin/sh', ['sh', '-c', initScript, process.execPath], process.env as Record<string, string>)
}
