import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { CliError } from '../errors/cli-error.ts'

/** Runs kubectl on the same cluster with this terminal, and gives its exit code. */
export async function kubectl(
  args: readonly string[],
  { kubeconfig, context }: ClusterOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const where = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
  ]
  // The terminal's signals reach kubectl as well; it decides when to end, and this command ends with it.
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  try {
    const child = spawn('kubectl', [...where, ...args], { stdio: 'inherit', env })
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    return code ?? (signal === 'SIGINT' ? 130 : 1)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    throw new CliError(
      'command_failed',
      'This command uses kubectl, which is not on PATH. Install it: https://kubernetes.io/docs/tasks/tools/',
      { cause },
    )
  } finally {
    process.off('SIGINT', ignore)
  }
}
