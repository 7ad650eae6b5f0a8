import { errorMessage } from '@agent-jobs/primitives'
import { createHash } from 'node:crypto'
import { createJobRunner, type JobRunner } from '@agent-jobs/k8s-job-runner'
import type { ProcessObserver } from '@agent-jobs/metrics'
import type { SpoolSettings } from '@agent-jobs/log-stream'
import {
  createKubeClient,
  currentContext,
  reportWatchProblems,
  type KubeClient,
  type KubeConfig,
  type KubeConfigTrust,
} from '@agent-jobs/kube-api'
import type { LogFields } from '../observe/adapter-log.ts'
import { kubeConfigSource, readKubeConfig } from './kube-config.ts'

/** One cluster as one configuration reaches it. */
export interface Cluster {
  client: KubeClient
  /** Namespace of the configuration's current context. */
  contextNamespace: string | null
  runner(namespace: string): JobRunner
  /** Runs work in the background: a failure becomes a warning, and closing waits for it. */
  afterwards(work: Promise<unknown>): void
}

interface PooledCluster extends Cluster {
  pending: Set<Promise<void>>
}

/** Keeps one client per configuration, so that all runs of a cluster share connections and watches. */
export interface ClusterPool {
  get(kubeconfig: string | undefined): Cluster
  close(): Promise<void>
}

/** Creates a pool. Nothing is connected before the first use. */
export function createClusterPool(options: {
  env: Readonly<Record<string, string | undefined>>
  /** What a kubeconfig in an agent's settings may ask for. Default: the policy's. */
  kubeConfigTrust?: KubeConfigTrust
  /** The cluster of configurations that name none. Default: that of the server's environment. */
  kubeConfig?: KubeConfig
  onWarning?: (message: string, about?: LogFields) => void
  /** Sees every request and every broken watch. */
  observer?: ProcessObserver | undefined
  /** Where the output of runs waits for a slow consumer. */
  spool?: SpoolSettings
}): ClusterPool {
  const clusters = new Map<string, PooledCluster>()
  return {
    get(kubeconfig) {
      const source =
        options.kubeConfig && !kubeconfig?.trim()
          ? ({ kind: 'given', key: 'given', config: options.kubeConfig } as const)
          : kubeConfigSource(kubeconfig, options.env, options.kubeConfigTrust)
      // A hash, so that no credential is kept as a key.
      const key = createHash('sha256').update(source.key).digest('hex')
      const known = clusters.get(key)
      if (known) return known
      const config = readKubeConfig(source)
      const reportProblem = reportWatchProblems((message) => options.onWarning?.(message, { code: 'watch_failed' }))
      const client = createKubeClient({
        kubeConfig: config,
        userAgent: 'agent-jobs-adapter',
        onRequest: (report) => options.observer?.requested(report),
        onWatchProblem(problem) {
          options.observer?.watchRestarted(problem.watch)
          reportProblem(problem)
        },
      })
      const runners = new Map<string, JobRunner>()
      const pending = new Set<Promise<void>>()
      const cluster: PooledCluster = {
        pending,
        afterwards(work) {
          const owned = work.then(
            () => void pending.delete(owned),
            (error: unknown) => {
              pending.delete(owned)
              options.onWarning?.(`Cleaning up after a run failed: ${errorMessage(error)}`, { code: 'clean_up_failed' })
            },
          )
          pending.add(owned)
        },
        client,
        contextNamespace: currentContext(config)?.namespace ?? null,
        runner(namespace) {
          const existing = runners.get(namespace)
          if (existing) return existing
          const { onWarning } = options
          const runner = createJobRunner({
            client,
            namespace,
            spool: options.spool,
            ...(onWarning ? { onWarning: ({ code, message }) => onWarning(message, { code, namespace }) } : {}),
          })
          runners.set(namespace, runner)
          return runner
        },
      }
      clusters.set(key, cluster)
      return cluster
    },
    async close() {
      const open = [...clusters.values()]
      await Promise.all(open.flatMap(({ pending }) => [...pending]))
      await Promise.all(open.map(({ client }) => client.close()))
      clusters.clear()
    },
  }
}
