const marker = Symbol.for('agent-jobs.cli-error')

/** Codes of {@link CliError}. */
export type CliErrorCode =
  | 'usage'
  | 'file_unreadable'
  | 'kubeconfig_unusable'
  | 'agent_not_installed'
  | 'not_mini_kube'
  | 'port_taken'
  | 'no_namespace'
  | 'unauthorized'
  | 'no_runs'
  | 'job_not_found'
  | 'not_a_recording'
  | 'not_running'
  | 'image_lacks'
  | 'no_metrics'
  | 'copy_failed'
  | 'command_failed'

/** An error that the command line shows as one sentence, without a stack. `usage` ends with exit code 2, others with 1. */
export class CliError extends Error {
  readonly [marker] = true
  readonly code: CliErrorCode
  readonly retryable = false

  constructor(code: CliErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'CliError'
    this.code = code
  }

  /** The process's exit code for this error. */
  get exitCode(): number {
    return this.code === 'usage' ? 2 : 1
  }

  /** Recognises the error across copies and versions of this package. */
  static isInstance(error: unknown): error is CliError {
    return typeof error === 'object' && error !== null && marker in error
  }
}
