import { BrandedError } from '@agent-jobs/primitives'

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
export class CliError extends BrandedError<CliErrorCode> {
  static override readonly errorName = 'CliError'

  /** The process's exit code for this error. */
  get exitCode(): number {
    return this.code === 'usage' ? 2 : 1
  }
}
