import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** The variable by which a container's processes are found again, whatever process group they moved to. */
export const markerVariable = 'MINI_KUBE_CONTAINER'

/** What tells the processes of a container from all others. */
export interface ContainerProcesses {
  /** The value of the marker in their environment. */
  marker: string
  /** The process group of the first one, where it is known. */
  group?: number
}

export interface ProcessTreeOptions {
  platform?: string
  /** Runs `ps` with these arguments and gives its output. */
  ps?: (args: string[]) => Promise<string>
  /** Told, once, when this machine's processes cannot be listed. */
  onProblem?: (error: unknown) => void
}

const runPs = async (args: string[]) => (await promisify(execFile)('ps', args, { maxBuffer: 64 * 1024 * 1024 })).stdout

/**
 * Ends what is left of a container: a real one is a PID namespace and dies with its first process, here its processes are
 * found by the marker in their environment. On Linux /proc tells them; elsewhere `ps` does, which hides the environment of
 * Apple's own programs, so the process group counts too.
 */
export class ProcessTree {
  readonly #linux: boolean
  readonly #ps: (args: string[]) => Promise<string>
  readonly #onProblem: (error: unknown) => void
  #told = false

  constructor({ platform = process.platform, ps = runPs, onProblem = () => undefined }: ProcessTreeOptions = {}) {
    this.#linux = platform === 'linux'
    this.#ps = ps
    this.#onProblem = onProblem
  }

  /** Kills every process of the container, and says how many there were. */
  async kill(container: ContainerProcesses): Promise<number> {
    let killed = 0
    // Again until none is found: a process may have made another one while we looked.
    for (let round = 0; round < 10; round++) {
      const pids = await this.#find(container)
      if (pids.length === 0) break
      for (const pid of pids) if (sendSignal(pid, 'SIGKILL')) killed += 1
    }
    return killed
  }

  async #find(container: ContainerProcesses): Promise<number[]> {
    try {
      return this.#linux ? await markedInProc(container.marker) : await this.#listed(container)
    } catch (error) {
      if (!this.#told) {
        const message = `mini-kube cannot list the processes of this machine, so what leaves the process group of a container outlives it. Is there a \`ps\` on PATH?`
        this.#onProblem(new Error(message, { cause: error }))
      }
      this.#told = true
      if (container.group !== undefined) sendSignal(-container.group, 'SIGKILL')
      return []
    }
  }

  async #listed({ marker, group }: ContainerProcesses): Promise<number[]> {
    const text = await this.#ps(['-axEww', '-o', 'pid=,pgid=,stat=,command='])
    const needle = `${markerVariable}=${marker}`
    return text.split('\n').flatMap((line) => {
      const [, pid, pgid, stat = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)/.exec(line) ?? []
      const mine = Number(pgid) === group || line.split(/\s/).includes(needle)
      // A zombie is already dead and waits for its parent.
      return pid !== undefined && mine && !stat.startsWith('Z') ? [Number(pid)] : []
    })
  }
}

async function markedInProc(marker: string): Promise<number[]> {
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

/** Signals a process, or with a negative number its group; one that is gone already is fine. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
