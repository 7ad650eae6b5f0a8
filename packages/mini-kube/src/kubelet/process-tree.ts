import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** The variable by which a container's processes are found again, whatever process group they moved to. */
export const markerVariable = 'MINI_KUBE_CONTAINER'

const run = promisify(execFile)

async function markedOnLinux(marker: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const needle = `${markerVariable}=${marker}`
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
        return environment.split('\0').includes(needle) ? Number(pid) : undefined
      } catch (error) {
        // Processes end while we look, and those of other users are not ours.
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM' || code === 'ESRCH') return undefined
        throw error
      }
    }),
  )
  return found.filter((pid) => pid !== undefined)
}

async function markedElsewhere(marker: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-axEww', '-o', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line.includes(`${markerVariable}=${marker}`))
    .map((line) => Number.parseInt(line, 10))
}

/**
 * Kills what is left of a container: a real one is a PID namespace and dies with its first process, here the processes
 * are found by the marker in their environment.
 */
export async function killMarked(marker: string): Promise<number> {
  let killed = 0
  // Again until none is found: a process may have made another one while we looked.
  for (let round = 0; round < 10; round++) {
    const pids = process.platform === 'linux' ? await markedOnLinux(marker) : await markedElsewhere(marker)
    if (pids.length === 0) break
    for (const pid of pids) if (sendSignal(pid, 'SIGKILL')) killed += 1
  }
  return killed
}

/** Signals a process, or with a negative number its group; one that is gone already is fine. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
