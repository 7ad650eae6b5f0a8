import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { KubeConfig } from '@kubernetes/client-node'
import { createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import type { ConformanceAgent } from './conformance-agent.ts'
import type { PaperclipPlace } from './paperclip-place.ts'
import { startToldModel } from './told-model.ts'

/** Starts the embedded cluster for a server, with the agent's real program as its image. */
export async function miniPaperclipPlace(agent: ConformanceAgent): Promise<PaperclipPlace> {
  const root = mkdtempSync(join(tmpdir(), 'adapter-mini-'))
  const [bin, folder, temporary] = ['bin', 'volume', 'tmp'].map((name) => {
    const path = join(root, name)
    mkdirSync(path)
    return path
  }) as [string, string, string]
  symlinkSync(agent.program, join(bin, agent.definition.containerName))
  symlinkSync(process.execPath, join(bin, 'node'))
  const cluster = await startMiniKube({
    dataDir: join(root, 'data'),
    honourUser: false,
    namespaces: ['paperclip'],
    claims: { 'paperclip/paperclip-data': folder },
    images: { 'agent:1': { path: [bin], env: { TMPDIR: temporary, IS_SANDBOX: '1' } } },
  })
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromString(cluster.kubeConfig())
  const client = createKubeClient({ kubeConfig })
  const namespace = 'paperclip'
  await client.create(
    kinds.PersistentVolumeClaim,
    {
      metadata: { name: 'paperclip-data' },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    },
    { namespace },
  )
  await client.create(
    kinds.Pod,
    {
      metadata: { name: 'paperclip-0' },
      spec: {
        containers: [
          {
            name: 'paperclip',
            image: 'agent:1',
            command: ['sleep', '3600'],
            env: Object.entries(agent.serverEnv).map(([name, value]) => ({ name, value })),
            volumeMounts: [{ name: 'data', mountPath: '/paperclip' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } }],
      },
    },
    { namespace },
  )
  const model = await startToldModel()
  const env = {
    HOSTNAME: 'paperclip-0',
    PAPERCLIP_NAMESPACE: namespace,
    PAPERCLIP_HOME: join(root, 'home'),
    AGENT_JOBS_POLICY: JSON.stringify({ allow: { volumeFolders: [`${folder}/*`] } }),
  }
  const clusters = createClusterPool({ env })
  const deps = systemDependencies({ env, clusters })
  const runIds = new Set<string>()
  return {
    client,
    namespace,
    model,
    // At the same path for server and agents.
    folder,
    mountPath: folder,
    deps,
    adapter(overrides = {}) {
      const adapter = agent.adapter({ ...deps, ...overrides })
      return {
        ...adapter,
        execute(ctx) {
          runIds.add(ctx.runId)
          return adapter.execute(ctx)
        },
      }
    },
    config: (scenario, extra = {}) => ({
      kubeconfig: cluster.kubeConfig(),
      workspaceMountPath: folder,
      ...agent.config(model.scenarioUrl(scenario), null),
      paperclipApiUrl: 'http://127.0.0.1:9',
      graceSec: 2,
      ...extra,
    }),
    async close() {
      await clusters.close()
      await client.close()
      await model.close()
      await cluster.close()
      // A real pod takes its /tmp with it; these pods share the /tmp of the machine.
      for (const path of [root, ...[...runIds].map((id) => `/tmp/agent-run-${id}`)])
        rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
