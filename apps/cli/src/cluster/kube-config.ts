import { KubeError, loadKubeConfig as load, type KubeConfig } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'

/** Which kubeconfig, and which context in it. */
export interface KubeConfigOptions {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onWarning?: ((message: string) => void) | undefined
}

const remedies: Readonly<Record<string, string>> = {
  kubeconfig_missing: 'Pass --kubeconfig FILE, or try `agent-jobs demo`, which brings its own cluster.',
  kubeconfig_invalid: 'Pass --kubeconfig FILE or --context NAME to use another one.',
}

/** Loads the kubeconfig that kubectl would use. */
export function loadKubeConfig({ kubeconfig, context, env, onWarning }: KubeConfigOptions): KubeConfig {
  try {
    return load({ path: kubeconfig, context, env, onWarning })
  } catch (cause) {
    if (!KubeError.isInstance(cause)) throw cause
    throw new CliError('kubeconfig_unusable', `${cause.message} ${remedies[cause.code] ?? ''}`.trim(), { cause })
  }
}
