import { KubeError } from '../kube-error.ts'

/** Makes the error of a kubeconfig that cannot be used as it stands. */
export const invalidKubeConfig = (message: string, cause?: unknown): KubeError =>
  new KubeError({ code: 'kubeconfig_invalid', message, cause })

/** Makes the error of a kubeconfig that asks for more than it is trusted with. */
export const refusedKubeConfig = (message: string): KubeError => new KubeError({ code: 'kubeconfig_refused', message })
