import type { StartErrorCode } from '@agent-jobs/frames'

/** Why the command cannot be started, for the end record; `exitCode` is that of a shell for the same case. */
export class StartFailure extends Error {
  readonly code: StartErrorCode
  readonly exitCode: number

  constructor(code: StartErrorCode, message: string, exitCode = 125) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}
