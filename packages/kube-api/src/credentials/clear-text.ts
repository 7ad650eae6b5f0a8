import { KubeError } from '../kube-error.ts'
import type { KubeCluster } from '../kubeconfig/kube-config.ts'
import { isLoopback } from '../loopback.ts'

/**
 * Refuses to send anything to a server without TLS, unless it is on this machine or the user turned checks off. A proxy
 * does not change that: it can read everything.
 */
export function refuseClearText({ server, skipTLSVerify, proxyUrl }: KubeCluster): void {
  if (!server.startsWith('http:') || skipTLSVerify) return
  if (isLoopback(server) && (proxyUrl === undefined || isLoopback(proxyUrl))) return
  throw new KubeError({
    code: 'credentials',
    message: `The address ${server} has no TLS, and a token must not travel in clear text. Write https:// before it, or set insecure-skip-tls-verify for this cluster if its network is trusted.`,
  })
}
