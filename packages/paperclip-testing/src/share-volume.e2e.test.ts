import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKubeClient, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { renderManifests } from '@agent-jobs/manifests'
import { KubeConfig, type V1Job, type V1Pod } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderBehind, PersistentVolume, waitFor } from './real-cluster.ts'
import { applyManifests, deleteManifests } from './server/apply-manifests.ts'
import { absence, removeNamespace } from './server/remove-namespace.ts'

const cluster = process.env['KUBECONFIG']
const namespace = 'share-volume-e2e'
const agents = `${namespace}-agents`
const volume = `${agents}-paperclip-data`
const job = { namespace, name: 'paperclip-share-volume' }
const agentClaim = { namespace: agents, name: 'paperclip-data' }
const soon = () => AbortSignal.timeout(60_000)

/** Copies a file of the server's, under the Pod Security level of agents. */
const looker: V1Pod = {
  metadata: { name: 'looker' },
  spec: {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1000, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'looker',
        image: 'local/agent:1',
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', 'cp /data/from-server /data/from-agents'],
        resources: { requests: { cpu: '10m' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } }],
  },
}

const isOver = ({ status }: V1Job) =>
  status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')?.type ?? null
const messageOf = ({ status }: V1Pod) => status?.containerStatuses?.[0]?.state?.terminated?.message ?? null

describe.skipIf(!cluster)(
  'the volume of a server, shared with agents in their own namespace (needs KUBECONFIG)',
  () => {
    let client: KubeClient
    let folder: string

    /** The manifests for a server that exists, whose data is in a claim. */
    const manifestsFor = (existingClaim: string) =>
      renderManifests({
        namespace,
        values: {
          server: { enabled: false },
          storage: { existingClaim },
          shareVolume: {
            image: 'local/agent:1',
            // This cluster has no Services.
            env: [
              { name: 'KUBERNETES_SERVICE_HOST', value: process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1' },
              { name: 'KUBERNETES_SERVICE_PORT', value: new URL(client.server).port },
            ],
          },
        },
      })

    async function removeJob(): Promise<void> {
      await client.delete(kinds.Job, { ...job, propagationPolicy: 'Foreground' })
      await absence(() => client.get(kinds.Job, job), 'the Job')
    }

    async function shareData(): Promise<void> {
      await applyManifests(client, manifestsFor('data'))
      expect(await waitFor(client, kinds.Job, { ...job, signal: soon() }, isOver)).toBe('Complete')
      await removeJob()
    }

    async function sweep(): Promise<void> {
      await deleteManifests(
        client,
        manifestsFor('data').filter(({ kind }) => kind.startsWith('Cluster')),
      )
      for (const each of [namespace, agents]) await removeNamespace(client, each, soon())
      await deleteManifests(client, [{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume } }])
    }

    beforeAll(async () => {
      const kubeConfig = new KubeConfig()
      kubeConfig.loadFromDefault()
      client = createKubeClient({ kubeConfig })
      await sweep()
      await client.create(kinds.Namespace, { metadata: { name: namespace } })
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
      for (const name of ['data', 'other']) {
        await client.create(kinds.PersistentVolumeClaim, { metadata: { name }, spec }, { namespace })
      }
      folder = await folderBehind(client, namespace, 'data')
      chmodSync(folder, 0o777)
      writeFileSync(join(folder, 'from-server'), 'hello', { mode: 0o644 })
    })
    afterAll(async () => {
      await sweep()
      await client.close()
    })

    it('holds the same files for both', async () => {
      await shareData()
      await client.create(kinds.Pod, looker, { namespace: agents })
      const place = { namespace: agents, name: 'looker', signal: soon() }
      const ended = await waitFor(client, kinds.Pod, place, (pod) =>
        ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') ? pod : null,
      )
      await client.delete(kinds.Pod, { namespace: agents, name: 'looker', gracePeriodSeconds: 0 })
      expect(ended.status?.phase, messageOf(ended) ?? '').toBe('Succeeded')
      expect(readFileSync(join(folder, 'from-agents'), 'utf8')).toBe('hello')
    })

    it("keeps its data when the agents' claim is deleted, and the next upgrade makes that claim again", async () => {
      await client.delete(kinds.PersistentVolumeClaim, agentClaim)
      await absence(() => client.get(kinds.PersistentVolumeClaim, agentClaim), 'the claim')
      await shareData()
      const phase = await waitFor(
        client,
        kinds.PersistentVolumeClaim,
        { ...agentClaim, signal: soon() },
        ({ status }) => (status?.phase === 'Bound' ? status.phase : null),
      )
      expect(phase).toBe('Bound')
      expect(readFileSync(join(folder, 'from-server'), 'utf8')).toBe('hello')
    })

    it('is not exchanged for another one while agents have it', async () => {
      const before = await client.get(PersistentVolume, { name: volume })
      await applyManifests(client, manifestsFor('other'))
      const labelSelector = `batch.kubernetes.io/job-name=${job.name}`
      const stop = new AbortController()
      let message: string | null = null
      const signal = AbortSignal.any([soon(), stop.signal])
      for await (const event of client.listWatch(kinds.Pod, { namespace, labelSelector, signal })) {
        message = 'object' in event ? messageOf(event.object) : null
        if (message !== null) stop.abort()
      }
      expect(message).toContain(`${volume} is on other storage than other`)
      expect((await client.get(PersistentVolume, { name: volume })).spec).toEqual(before.spec)
      await removeJob()
    })
  },
)
