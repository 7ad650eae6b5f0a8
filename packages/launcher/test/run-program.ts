import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import type { EndRecord, LauncherRecord } from '@agent-jobs/frames'
import { bootstrapCommand } from '../src/bootstrap-command.ts'
import type { LaunchSpec } from '../src/launch-spec.ts'
import { packEnv } from '../src/pack-env.ts'
import type { LaunchInput } from '../src/pack-env.ts'
import { decodeFrames, endOf, joinStream, recordsOf } from './decode-frames.ts'
import type { DecodedFrame } from './decode-frames.ts'

/** The result of one run of the real, bundled program. */
export interface ProgramResult {
  /** Exit code of the launcher itself. */
  exitCode: number | null
  signal: string | null
  raw: Buffer
  frames: DecodedFrame[]
  diagnostics: string[]
  /** The launcher's stderr. */
  errors: string
  stdout: Buffer
  stderr: Buffer
  records: LauncherRecord[]
  notices: string[]
  end: EndRecord
}

/** A running program. */
export interface ProgramRun {
  child: ChildProcess
  /** Resolves when the output so far contains this text; rejects when the output ends without it. */
  seen(text: string): Promise<void>
  result: Promise<ProgramResult>
}

/** A spec without its version, and the input with it. */
export interface ProgramInput extends Omit<LaunchSpec, 'version'>, LaunchInput {
  /** Variables of the "container". */
  containerEnv?: Record<string, string>
  /** The node that runs it, and what to put before it on the command line. */
  node?: string[]
  /** Starts it with a shell of the image. */
  shell?: boolean
  /** Replaces the packed variables. */
  packed?: Record<string, string>
  stdio?: StdioOptions
}

/** Starts the bundled program the way a pod does. */
export function startProgram(input: ProgramInput): ProgramRun {
  const { containerEnv = {}, node = [programNode], shell = false, packed, stdio, stdin, files, ...spec } = input
  const launch = { ...(stdin === undefined ? {} : { stdin }), ...(files === undefined ? {} : { files }) }
  const env = { PATH: process.env['PATH'], ...containerEnv, ...(packed ?? packEnv({ version: 1, ...spec }, launch)) }
  const command = bootstrapCommand({ shell })
  const [runner = '', ...args] = shell
    ? [...node.slice(0, -1), ...command.slice(0, -1), ...node.slice(-1)]
    : [...node, ...command.slice(1)]
  const child = spawn(runner, args, { env, stdio: stdio ?? ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  const errors: Buffer[] = []
  let checks: (() => void)[] = []
  child.stdout?.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    for (const check of checks) check()
  })
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk))

  const result = once(child, 'close').then(([exitCode, signal]: (number | string | null)[]): ProgramResult => {
    const raw = Buffer.concat(chunks)
    const { frames, diagnostics } = decodeFrames(raw)
    const records = recordsOf(frames)
    return {
      exitCode: exitCode as number | null,
      signal: signal as string | null,
      raw,
      frames,
      diagnostics,
      errors: Buffer.concat(errors).toString(),
      stdout: joinStream(frames, 'o'),
      stderr: joinStream(frames, 'e'),
      records,
      notices: records.flatMap((record) => (record.type === 'notice' ? [record.code] : [])),
      get end() {
        return endOf(frames)
      },
    }
  })
  const seen = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!Buffer.concat(chunks).includes(text)) return
        checks = checks.filter((other) => other !== check)
        resolve()
      }
      checks.push(check)
      check()
      const late = (end: ProgramResult): void => {
        reject(new Error(`The program ended without ${text}: ${end.raw.toString()} ${end.errors}`))
      }
      result.then(late, reject)
    })
  return { child, seen, result }
}

/** The node that runs the program; set LAUNCHER_TEST_NODE to use another one than the tests'. */
export const programNode = process.env['LAUNCHER_TEST_NODE'] ?? process.execPath

/** Whether that node can replace itself (from 22.15): then it reaps orphans, and keeps the exit code when stuck. */
export const canReplaceItself =
  spawnSync(programNode, ['-p', 'typeof process.execve'], { encoding: 'utf8' }).stdout === 'function\n'

/** Runs the bundled program to its end. */
export function runProgram(input: ProgramInput): Promise<ProgramResult> {
  return startProgram(input).result
}
