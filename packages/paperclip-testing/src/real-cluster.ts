import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  createKubeClient,
  isAlreadyExists,
  kinds,
  type KubeClient,
  type KubeObject,
  type ResourceKind,
} from '@agent-jobs/kube-api'
import { KubeConfig, type V1Pod } from '@kubernetes/client-node'
import { labPolicy } from './lab-policy.ts'

/** Volumes, which the product itself never touches. */
export const PersistentVolume: ResourceKind<KubeObject & { spec?: { hostPath?: { path?: string } } }> = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
}

/** A Paperclip server's environment on a real cluster: its namespace, its own pod and its data volume. */
export interface ServerPlace {
  client: KubeClient
  namespace: string
  /** Path of the data volume on this machine. */
  folder: string
  /** Path of the volume of a claim on this machine. */
  folderOf(claim: string): Promise<string>
  /** The server's environment as its adapter sees it. */
  env: Record<string, string>
  close(): Promise<void>
}

async function createIfAbsent<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T,
  namespace?: string,
): Promise<void> {
  try {
    await client.create(kind, object, namespace === undefined ? {} : { namespace })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}

/** Watches an object until it has the wanted value. */
export async function waitFor<T extends KubeObject, R>(
  client: KubeClient,
  kind: ResourceKind<T>,
  { namespace, name, signal }: { namespace: string; name: string; signal: AbortSignal },
  pick: (object: T) => R | null,
): Promise<R> {
  const done = new AbortController()
  try {
    const watch = client.listWatch(kind, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      signal: AbortSignal.any([signal, done.signal]),
    })
    for await (const event of watch) {
      const found = event.type === 'synced' || event.type === 'deleted' ? null : pick(event.object)
      if (found !== null) return found
    }
  } finally {
    done.abort()
  }
  throw new Error(`${kind.kind} ${namespace}/${name} did not reach the expected state`)
}

/**
 * Puts this machine's bash and its libraries on the volume. The test image has only busybox, but Claude Code's Bash
 * tool needs bash or zsh.
 */
export function lendBash(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const libraries = execFileSync('ldd', ['/bin/bash'], { encoding: 'utf8' }).match(/\/\S*libtinfo\S*/g) ?? []
  for (const library of libraries) copyFileSync(library, join(folder, basename(library)))
  copyFileSync('/bin/bash', join(folder, 'bash.real'))
  writeFileSync(join(folder, 'bash'), '#!/bin/sh\nLD_LIBRARY_PATH=/paperclip/bin exec /paperclip/bin/bash.real "$@"\n')
  for (const file of ['bash', 'bash.real']) chmodSync(join(folder, file), 0o755)
}

/** Path of the volume of a claim on this machine. */
export async function folderBehind(client: KubeClient, namespace: string, claim: string): Promise<string> {
  const wanted = { namespace, name: claim, signal: AbortSignal.timeout(30_000) }
  const volume = await waitFor(client, kinds.PersistentVolumeClaim, wanted, (found) => found.spec?.volumeName ?? null)
  const { spec } = await client.get(PersistentVolume, { name: volume, signal: wanted.signal })
  const path = spec?.hostPath?.path
  if (path === undefined)
    throw new Error(`The volume of ${claim} is not a folder on this machine, so this test cannot act as the server.`)
  return path
}

/** Creates the environment, or reuses the one of an earlier test. */
export async function serverPlace({
  namespace,
  env,
  image = 'local/agent:1',
  signal,
}: {
  namespace: string
  env: Record<string, string>
  /** Image of the server and of its agents. */
  image?: string | undefined
  signal: AbortSignal
}): Promise<ServerPlace> {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromDefault()
  const client = createKubeClient({ kubeConfig })
  await createIfAbsent(client, kinds.Namespace, { metadata: { name: namespace } })
  await createIfAbsent(
    client,
    kinds.PersistentVolumeClaim,
    {
      metadata: { name: 'paperclip-data' },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    },
    namespace,
  )
  const folderOf = (claim: string) => folderBehind(client, namespace, claim)
  const folder = await folderOf('paperclip-data')
  chmodSync(folder, 0o777)
  lendBash(join(folder, 'bin'))
  const pod: V1Pod = {
    metadata: { name: 'paperclip-0' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'paperclip',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', '86400'],
          env: Object.entries(env).map(([name, value]) => ({ name, value })),
          volumeMounts: [{ name: 'data', mountPath: '/paperclip' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } }],
    },
  }
  await client.delete(kinds.Pod, { name: 'paperclip-0', namespace, gracePeriodSeconds: 0 }).catch((error: unknown) => {
    if (!(error instanceof Error && /not found/i.test(error.message))) throw error
  })
  // A new namespace gets its account a moment later, and takes no pod until then.
  await waitFor(
    client,
    kinds.ServiceAccount,
    { namespace, name: 'default', signal },
    ({ metadata }) => metadata ?? null,
  )
  await createIfAbsent(client, kinds.Pod, pod, namespace)
  await waitFor(client, kinds.Pod, { namespace, name: 'paperclip-0', signal }, (found) => found.status?.podIP ?? null)
  return {
    client,
    namespace,
    folder,
    folderOf,
    env: {
      HOSTNAME: 'paperclip-0',
      PAPERCLIP_NAMESPACE: namespace,
      AGENT_JOBS_POLICY: labPolicy,
      KUBECONFIG: process.env['KUBECONFIG'] ?? '',
      PAPERCLIP_HOME: folder,
    },
    close: () => client.close(),
  }
}
