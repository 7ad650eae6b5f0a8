import { readFileSync } from 'node:fs'
import { KubeConfig } from '@kubernetes/client-node'

/** The kubeconfig of KUBECONFIG without references to files, so that another user or a form can use it. */
export function flatKubeconfig(): string {
  const config = new KubeConfig()
  config.loadFromDefault()
  const cluster = config.getCurrentCluster()
  const user = config.getCurrentUser()
  const inline = (data?: string, file?: string) => data ?? (file ? readFileSync(file).toString('base64') : undefined)
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server: cluster?.server, 'certificate-authority-data': inline(cluster?.caData, cluster?.caFile) },
      },
    ],
    users: [
      {
        name: 'u',
        user: {
          token: user?.token,
          'client-certificate-data': inline(user?.certData, user?.certFile),
          'client-key-data': inline(user?.keyData, user?.keyFile),
        },
      },
    ],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}
