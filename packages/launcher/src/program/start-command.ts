import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { errorMessage, systemErrorCode } from '@agent-jobs/primitives'
import type { LaunchSpec } from '../launch-spec.ts'
import { childEnv, containerEnv, withPath } from './child-env.ts'
import { makeDirectorySync } from './make-directory.ts'
import { StartFailure } from './start-failure.ts'

/** How the command's main process ended. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A started command. */
export interface Command {
  pid: number
  exit: Promise<Exit>
}

/** Starts the command in its own process group, with files as its streams. */
export async function startCommand(spec: LaunchSpec, stdio: [number | 'ignore', number, number]): Promise<Command> {
  const { cwd, env: set, unsetEnv, prependPath } = spec
  const [name = '', ...args] = spec.argv
  if (cwd !== undefined) prepareCwd(cwd, spec.createCwd === true)
  const env = withPath(childEnv(containerEnv(process.env), set, unsetEnv), prependPath)
  const options = { cwd, env, detached: true, stdio }
  let child: ChildProcess
  try {
    child = spawn(name, args, options)
  } catch (error) {
    throw startFailure(name, error)
  }
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const { pid } = child
  if (pid === undefined) {
    throw startFailure(name, await new Promise((resolve) => child.once('error', resolve)))
  }
  // After a start this event only reports a failed `child.kill` or message, and we use neither.
  child.on('error', () => undefined)
  return { pid, exit }
}

function prepareCwd(cwd: string, create: boolean): void {
  try {
    if (create) makeDirectorySync(cwd)
    if (!statSync(cwd).isDirectory()) throw new Error('it is not a directory')
    // A start in it would fail with EACCES, which looks as if the command could not be executed.
    accessSync(cwd, constants.X_OK)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      const hint = 'Mount the volume that holds it, or set `createCwd`.'
      throw new StartFailure('cwd_missing', `The working directory ${cwd} does not exist. ${hint}`)
    }
    if (systemErrorCode(error) === 'EACCES') {
      const hint = `Run the pod as the user that owns it, or give this user rights (\`ls -ld ${cwd}\`).`
      throw new StartFailure(
        'cwd_unusable',
        `User ${process.getuid?.()} may not enter the working directory ${cwd}. ${hint}`,
      )
    }
    throw new StartFailure('cwd_unusable', `The working directory ${cwd} cannot be used: ${errorMessage(error)}`)
  }
}

function startFailure(name: string, error: unknown): StartFailure {
  const code = systemErrorCode(error)
  if (code === 'ENOENT') {
    const text = existsSync(name)
      ? `The command ${name} exists, but the interpreter that its first line (or its ELF header) names does not.`
      : `The command ${name} was not found in the image${name.includes('/') ? '' : ' (PATH was searched)'}.`
    return new StartFailure('command_not_found', text, 127)
  }
  if (code === 'EACCES') {
    return new StartFailure(
      'command_not_executable',
      `The command ${name} may not be executed: ${errorMessage(error)}`,
      126,
    )
  }
  return new StartFailure('spawn_failed', `The command ${name} cannot be started: ${errorMessage(error)}`)
}
