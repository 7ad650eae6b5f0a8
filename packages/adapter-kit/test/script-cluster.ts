import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKubeClient, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { KubeConfig } from '@kubernetes/client-node'

/** An embedded cluster for agents that are Node.js scripts, with a data volume at the same path for server and pods. */
export interface ScriptCluster {
  client: KubeClient
  namespace: string
  /** Folder of everything; `home` in it is Paperclip's. */
  root: string
  volume: string
  /** The server's environment. */
  env: Record<string, string>
  /** An agent's configuration. */
  config(extra?: Record<string, unknown>): Record<string, unknown>
  close(): Promise<void>
}

/** Starts the cluster. */
export async function startScriptCluster(): Promise<ScriptCluster> {
  const root = mkdtempSync(join(tmpdir(), 'kit-script-'))
  const volume = join(root, 'volume')
  const namespace = 'agents'
  for (const name of ['volume', 'bin', 'tmp']) mkdirSync(join(root, name))
  symlinkSync(process.execPath, join(root, 'bin', 'node'))
  const cluster = await startMiniKube({
    dataDir: join(root, 'data'),
    honourUser: false,
    namespaces: [namespace],
    claims: { [`${namespace}/data`]: volume },
    images: { 'agent:1': { path: [join(root, 'bin')], env: { TMPDIR: join(root, 'tmp') } } },
  })
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromString(cluster.kubeConfig())
  const client = createKubeClient({ kubeConfig })
  await client.create(kinds.PersistentVolumeClaim, {
    metadata: { name: 'data', namespace },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  })
  return {
    client,
    namespace,
    root,
    volume,
    env: { PAPERCLIP_NAMESPACE: namespace, PAPERCLIP_HOME: join(root, 'home') },
    config: (extra = {}) => ({
      kubeconfig: cluster.kubeConfig(),
      namespace,
      image: 'agent:1',
      workspaceVolumeClaim: 'data',
      workspaceMountPath: volume,
      graceSec: 2,
      ...extra,
    }),
    async close() {
      await client.close()
      await cluster.close()
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
