import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createAdapter, createClusterPool, systemDependencies, type AdapterDependencies } from '@agent-jobs/adapter-kit'
import { createKubeClient, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { startScriptedModel, type ScriptedModel } from '@agent-jobs/scripted-model'
import { KubeConfig } from '@kubernetes/client-node'
import { claudeDefinition } from '../claude-definition.ts'

/** A server's place on the embedded cluster, with the real Claude Code from npm as its image. */
export interface MiniPaperclip {
  client: KubeClient
  model: ScriptedModel
  /** The data volume, at the same path for server and agents. */
  folder: string
  adapter(overrides?: Partial<AdapterDependencies>): ReturnType<typeof createAdapter>
  config(scenario: string, extra?: Record<string, unknown>): Record<string, unknown>
  deps: AdapterDependencies
  close(): Promise<void>
}

function claudeProgram(): string {
  const manifest = createRequire(import.meta.url).resolve('@anthropic-ai/claude-code/package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> }
  return join(dirname(manifest), typeof bin === 'string' ? bin : (bin['claude'] ?? ''))
}

/** Starts the place. */
export async function miniPaperclip(): Promise<MiniPaperclip> {
  const root = mkdtempSync(join(tmpdir(), 'adapter-mini-'))
  const [bin, folder, temporary] = ['bin', 'volume', 'tmp'].map((name) => {
    const path = join(root, name)
    mkdirSync(path)
    return path
  }) as [string, string, string]
  symlinkSync(claudeProgram(), join(bin, 'claude'))
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
            env: [
              { name: 'ANTHROPIC_API_KEY', value: 'sk-ant-test-0123456789' },
              { name: 'DATABASE_URL', value: 'postgres://u:p@db/x' },
            ],
            volumeMounts: [{ name: 'data', mountPath: '/paperclip' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } }],
      },
    },
    { namespace },
  )
  const model = await startScriptedModel()
  const env = { HOSTNAME: 'paperclip-0', PAPERCLIP_NAMESPACE: namespace, PAPERCLIP_HOME: join(root, 'home') }
  const clusters = createClusterPool({ env })
  const deps = systemDependencies({ env, clusters })
  return {
    client,
    model,
    folder,
    deps,
    adapter: (overrides = {}) => createAdapter(claudeDefinition, { ...deps, ...overrides }),
    config: (scenario, extra = {}) => ({
      kubeconfig: cluster.kubeConfig(),
      workspaceMountPath: folder,
      env: { ANTHROPIC_BASE_URL: model.scenarioUrl(scenario), CLAUDE_CODE_MAX_RETRIES: '1' },
      paperclipApiUrl: 'http://127.0.0.1:9',
      graceSec: 2,
      ...extra,
    }),
    async close() {
      await clusters.close()
      await client.close()
      await model.close()
      await cluster.close()
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
