import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import type { ProxyEnvironment } from '../proxy-from-environment.ts'
import type { KubeConfig } from './kube-config.ts'

const root = '/var/run/secrets/kubernetes.io/serviceaccount'

function namespaceOf(env: ProxyEnvironment): string | undefined {
  const given = env['POD_NAMESPACE']
  if (given) return given
  try {
    return readFileSync(`${root}/namespace`, 'utf8').trim() || undefined
  } catch {
    // A pod without a mounted token has no such file; the caller must then specify its namespace.
    return undefined
  }
}

/** The service account of the pod that this process runs in; undefined outside a pod. */
export function inClusterConfig(env: ProxyEnvironment): KubeConfig | undefined {
  const host = env['KUBERNETES_SERVICE_HOST']
  const port = env['KUBERNETES_SERVICE_PORT'] || '443'
  if (!host) return undefined
  return {
    clusters: [
      { name: 'in-cluster', server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`, caFile: `${root}/ca.crt` },
    ],
    users: [{ name: 'service-account', tokenFile: `${root}/token` }],
    contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'service-account', namespace: namespaceOf(env) }],
    currentContext: 'in-cluster',
  }
}
