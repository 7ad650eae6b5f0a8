import { spawn, type ChildProcess } from 'node:child_process'
import { constants as fsConstants, existsSync, readFileSync, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { constants } from 'node:os'
import { delimiter, isAbsolute, join, resolve as resolvePath } from 'node:path'
import {
  type ContainerExit,
  type ContainerPlan,
  type OutputSink,
  type RunningContainer,
  StartError,
} from './container-runtime.ts'
import { closedFolder } from './lent-programs.ts'
import { markerVariable, sendSignal, type ProcessTree } from './process-tree.ts'

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** Finds the program as runc does, with its messages. */
async function findProgram(program: string, env: Record<string, string>, cwd: string): Promise<string> {
  if (program.includes('/')) {
    const path = isAbsolute(program) ? program : resolvePath(cwd, program)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) throw new StartError(`exec: "${program}": stat ${program}: no such file or directory`)
    if (!found.isFile()) throw new StartError(`exec: "${program}": permission denied`)
    await mayExecute(path, program)
    return path
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program)
    if (folder !== '' && isFile(path)) {
      await mayExecute(path, program)
      return path
    }
  }
  throw new StartError(`exec: "${program}": executable file not found in $PATH`)
}

async function mayExecute(path: string, program: string): Promise<void> {
  try {
    await access(path, fsConstants.X_OK)
  } catch {
    throw new StartError(`exec: "${program}": permission denied`)
  }
}

const started = (child: ChildProcess) =>
  new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })

const signalNumber = (signal: NodeJS.Signals | null) => (signal === null ? undefined : constants.signals[signal])

/** An error that no real node has, since images have no folders only for root: how to make the program reachable. */
function whyDenied(path: string, { uid, gid, cwd }: ContainerPlan): string {
  if (uid === undefined) return ''
  const folder = closedFolder(path, { uid, gid: gid ?? uid }) ?? closedFolder(cwd, { uid, gid: gid ?? uid })
  if (folder === undefined) return ''
  return ` (mini-kube: user ${uid} may not enter ${folder} of this machine; keep the program and dataDir where everybody may read them, or start mini-kube with honourUser: false)`
}

/** Starts a container as a local process in a group of its own; throws StartError when it cannot be started. */
export async function startProcess(
  plan: ContainerPlan,
  sink: OutputSink,
  processes: ProcessTree,
): Promise<RunningContainer> {
  const [program = '', ...args] = plan.argv
  const workingDirectory = statSync(plan.cwd, { throwIfNoEntry: false })
  if (workingDirectory !== undefined && !workingDirectory.isDirectory()) {
    throw new StartError(`error during container init: mkdir ${plan.cwd}: not a directory`)
  }
  const path = await findProgram(plan.program ?? program, plan.env, plan.cwd)
  if (isTooLong(plan)) return tooLong(program, sink)
  const begin = () =>
    spawn(path, args, {
      argv0: program,
      cwd: plan.cwd,
      env: { ...plan.env, [markerVariable]: plan.id },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(plan.uid === undefined ? {} : { uid: plan.uid, gid: plan.gid ?? plan.uid }),
    })
  let child: ReturnType<typeof begin>
  try {
    // Some refusals of the kernel are thrown by spawn itself (E2BIG), others come as an event.
    child = begin()
    await started(child)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'E2BIG') return tooLong(program, sink)
    if (code === 'EACCES') throw new StartError(`exec: "${program}": permission denied${whyDenied(path, plan)}`)
    throw new StartError(`exec: "${program}": ${(error as Error).message}`)
  }
  child.stdout.on('data', (chunk: Buffer) => sink('stdout', chunk))
  child.stderr.on('data', (chunk: Buffer) => sink('stderr', chunk))
  const pid = child.pid as number
  const exited = Promise.withResolvers<ContainerExit>()
  const drained = new Promise<void>((done) => child.once('close', () => done()))
  child.once('exit', (code, signal) => {
    const number = signalNumber(signal)
    // When the first process of a container goes, the kernel takes all others with it; that also closes the pipes.
    const finish = async () => {
      await processes.kill({ marker: plan.id, group: pid })
      await drained
      exited.resolve({ exitCode: code ?? 128 + (number ?? 0) })
    }
    finish().catch((error: unknown) => exited.reject(error))
  })
  return {
    pid,
    exited: exited.promise,
    kill: (signal) => {
      // SIGTERM goes to the first process only, as containerd sends it; SIGKILL ends the whole container.
      if (child.exitCode !== null || child.signalCode !== null) return
      if (signal === 'SIGTERM' && !handlesTerm(pid)) return
      sendSignal(signal === 'SIGKILL' ? -pid : pid, signal)
    },
  }
}

/**
 * The first process of a real container is PID 1, which the kernel spares from signals it has no handler for. Linux tells
 * which ones a process handles; elsewhere every signal is sent.
 */
function handlesTerm(pid: number): boolean {
  const path = `/proc/${pid}/status`
  if (process.platform !== 'linux' || !existsSync(path)) return true
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(path, 'latin1'))?.[1]
  return caught === undefined || ((BigInt(`0x${caught}`) >> 14n) & 1n) === 1n
}

/** Linux takes no word and no variable of 128 KiB; macOS would. */
const isTooLong = ({ argv, env }: ContainerPlan): boolean =>
  [...argv, ...Object.entries(env).map(([key, value]) => `${key}=${value}`)].some(
    (text) => text.length > 32_767 && Buffer.byteLength(text) > 131_071,
  )

/** Measured: an environment that the kernel refuses gives exit 1, and only the log says why. */
function tooLong(program: string, sink: OutputSink): RunningContainer {
  sink('stderr', Buffer.from(`exec ${program}: argument list too long\n`))
  return { pid: undefined, exited: Promise.resolve({ exitCode: 1 }), kill: () => undefined }
}
