import type { LogStreamName } from './log-file.ts'

/** How a container ended. */
export interface ContainerExit {
  exitCode: number
  signal?: number
  /** Set when the end was injected or forced: OOMKilled, for example. */
  reason?: string
}

/** What the runtime starts: everything resolved, independent of Kubernetes. */
export interface ContainerPlan {
  id: string
  argv: string[]
  /** The file to run, where that is not the one argv[0] names. */
  program?: string
  env: Record<string, string>
  cwd: string
  uid?: number
  gid?: number
}

/** A started container. */
export interface RunningContainer {
  pid: number | undefined
  /** Resolves when the main process is gone and its output is complete. */
  exited: Promise<ContainerExit>
  /** Sends a signal to the container's process group. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export type OutputSink = (stream: LogStreamName, chunk: Buffer) => void

/** The container could not be started; its status has `code` 128 and this message. */
export class StartError extends Error {
  readonly reason = 'StartError'
  constructor(message: string) {
    super(
      `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${message}: unknown`,
    )
    this.name = 'StartError'
  }
}

/** A container that is a function of this process instead of a program: cheap enough for a thousand pods. */
export type FunctionContainer = (context: {
  argv: string[]
  env: Record<string, string>
  cwd: string
  stdout: (text: string | Uint8Array) => void
  stderr: (text: string | Uint8Array) => void
  /** Aborts on SIGTERM. On SIGKILL the container ends at once, without a signal. */
  signal: AbortSignal
}) => Promise<number | void> | number | void

export function startFunction(run: FunctionContainer, plan: ContainerPlan, sink: OutputSink): RunningContainer {
  const term = new AbortController()
  const ended = Promise.withResolvers<ContainerExit>()
  let over = false
  const write = (stream: LogStreamName) => (text: string | Uint8Array) => {
    if (!over) sink(stream, Buffer.from(text))
  }
  const work = async (): Promise<ContainerExit> => {
    try {
      const code = await run({
        argv: plan.argv,
        env: plan.env,
        cwd: plan.cwd,
        stdout: write('stdout'),
        stderr: write('stderr'),
        signal: term.signal,
      })
      return { exitCode: code ?? 0 }
    } catch (error) {
      if (term.signal.aborted) return { exitCode: 143 }
      write('stderr')(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      return { exitCode: 1 }
    }
  }
  const end = (exit: ContainerExit): void => {
    over = true
    ended.resolve(exit)
  }
  void work().then(end)
  return {
    pid: undefined,
    exited: ended.promise,
    kill: (signal) => {
      if (signal === 'SIGTERM') term.abort(new Error('SIGTERM'))
      else {
        term.abort(new Error('SIGKILL'))
        end({ exitCode: 137 })
      }
    },
  }
}
