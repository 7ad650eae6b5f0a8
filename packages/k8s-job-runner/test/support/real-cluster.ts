import {
  createKubeClient,
  isAlreadyExists,
  isNotFound,
  kinds,
  type KubeClient,
  type KubeObject,
} from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { randomUUID } from 'node:crypto'
import type { RunRequest } from '../../src/index.ts'

/** Where the cluster is; empty when there is none. */
export const kubeConfigPath = process.env['KUBECONFIG'] ?? ''

/** An image that has `sh` and `node`. */
export const image = process.env['AGENT_JOBS_E2E_IMAGE'] ?? 'local/agent:1'

/** A client of the cluster of KUBECONFIG. */
export function connect(
  onRequest?: (line: string) => void,
  context?: { server?: string; userAgent?: string },
): KubeClient {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(kubeConfigPath)
  const { server, userAgent } = context ?? {}
  if (server !== undefined) {
    kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, server }))
  }
  return createKubeClient({
    kubeConfig,
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(onRequest === undefined
      ? {}
      : { onRequest: ({ method, path }) => onRequest(`${method} ${path.replace(/\?.*/, '')}`) }),
  })
}

/** Treats what already exists as created. */
export async function unlessThere(creating: Promise<KubeObject>): Promise<void> {
  try {
    await creating
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}

/** Treats what is already gone as removed. */
export async function unlessGone(deleting: Promise<unknown>): Promise<void> {
  try {
    await deleting
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** Removes all Jobs of a namespace. */
export async function removeJobs(client: KubeClient, namespace: string): Promise<void> {
  const { items } = await client.list(kinds.Job, { namespace })
  for (const { metadata } of items) {
    const name = metadata?.name ?? ''
    await unlessGone(client.delete(kinds.Job, { name, namespace, propagationPolicy: 'Foreground' }))
  }
}

/** A shell command. */
export const sh = (script: string): RunRequest['command'] => ({ argv: ['sh', '-c', script] })

/**
 * What a test's pod requests. Without a request it gets almost no CPU beside pods that have one: runc alone
 * was seen to take 16 s, twice, to start a container on a busy machine.
 */
export const fairShare = { requests: { cpu: '100m', memory: '32Mi' } }

/** A run of a key of its own. */
export function request(fields: Partial<RunRequest>): RunRequest {
  return {
    key: `key-${randomUUID()}`,
    runId: randomUUID(),
    image,
    imagePullPolicy: 'IfNotPresent',
    command: sh('true'),
    resources: fairShare,
    ...fields,
  }
}

/** Resolves when the pod of a Job reports its end. */
export async function podTerminal(client: KubeClient, namespace: string, jobUid: string): Promise<void> {
  const stop = new AbortController()
  const labelSelector = `batch.kubernetes.io/controller-uid=${jobUid}`
  for await (const event of client.listWatch(kinds.Pod, { namespace, labelSelector, signal: stop.signal })) {
    if (event.type !== 'synced' && ['Succeeded', 'Failed'].includes(event.object.status?.phase ?? '')) break
  }
  stop.abort()
}

/** Resolves when no pod of a Job can still be running: all have reported their end, or are gone. */
export async function podsOver(client: KubeClient, namespace: string, jobUid: string): Promise<void> {
  const stop = new AbortController()
  const labelSelector = `batch.kubernetes.io/controller-uid=${jobUid}`
  const live = new Set<string>()
  let synced = false
  for await (const event of client.listWatch(kinds.Pod, { namespace, labelSelector, signal: stop.signal })) {
    if (event.type === 'synced') synced = true
    else {
      const { metadata, status } = event.object
      const over = event.type === 'deleted' || ['Succeeded', 'Failed'].includes(status?.phase ?? '')
      if (over) live.delete(metadata?.uid ?? '')
      else live.add(metadata?.uid ?? '')
    }
    if (synced && live.size === 0) break
  }
  stop.abort()
}
