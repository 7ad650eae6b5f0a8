import type { StartErrorCode } from '../launcher-record.ts'

/** Why the command cannot be started: goes into the end record; `exitCode` is that of a shell for the same case. */
export class StartFailure extends Error {
  readonly code: StartErrorCode
  readonly exitCode: number

  constructor(code: StartErrorCode, message: string, exitCode = 125) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}

/** The system's code and words of an error that a system call threw. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The system's code of an error, such as `ENOENT`. */
export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? ''
}
