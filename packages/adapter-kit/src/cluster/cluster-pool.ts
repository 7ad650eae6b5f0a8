import { createHash } from 'node:crypto'
import { createJobRunner, type JobRunner } from '@agent-jobs/k8s-job-runner'
import { createKubeClient, type KubeClient } from '@agent-jobs/kube-api'
import { kubeConfigSource, loadKubeConfig } from './kube-config.ts'

/** One cluster as one configuration reaches it. */
export interface Cluster {
  client: KubeClient
  /** Namespace of the configuration's current context. */
  contextNamespace: string | null
  runner(namespace: string): JobRunner
}

/** Keeps one client per configuration, so that all runs of a cluster share connections and watches. */
export interface ClusterPool {
  get(kubeconfig: string | undefined): Cluster
  close(): Promise<void>
}

/** Makes a pool. Nothing is connected before the first use. */
export function createClusterPool(options: {
  env: Readonly<Record<string, string | undefined>>
  onWarning?: (message: string) => void
}): ClusterPool {
  const clusters = new Map<string, Cluster>()
  return {
    get(kubeconfig) {
      const source = kubeConfigSource(kubeconfig, options.env)
      // A hash, so that no credential is kept as a key.
      const key = createHash('sha256').update(source.key).digest('hex')
      const known = clusters.get(key)
      if (known) return known
      const config = loadKubeConfig(source)
      const client = createKubeClient({ kubeConfig: config, userAgent: 'agent-jobs-adapter' })
      const runners = new Map<string, JobRunner>()
      const cluster: Cluster = {
        client,
        contextNamespace: config.getContextObject(config.getCurrentContext())?.namespace ?? null,
        runner(namespace) {
          const existing = runners.get(namespace)
          if (existing) return existing
          const { onWarning } = options
          const runner = createJobRunner({
            client,
            namespace,
            ...(onWarning ? { onWarning: ({ message }) => onWarning(message) } : {}),
          })
          runners.set(namespace, runner)
          return runner
        },
      }
      clusters.set(key, cluster)
      return cluster
    },
    async close() {
      await Promise.all([...clusters.values()].map(({ client }) => client.close()))
      clusters.clear()
    },
  }
}
