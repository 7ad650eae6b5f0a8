import { KubeError } from '../kube-error.ts'

/** Creates the error for an unusable kubeconfig. */
export const invalidKubeConfig = (message: string, cause?: unknown): KubeError =>
  new KubeError({ code: 'kubeconfig_invalid', message, cause })

/** Creates the error for a kubeconfig that requires more trust than it has. */
export const refusedKubeConfig = (message: string): KubeError => new KubeError({ code: 'kubeconfig_refused', message })
