import { createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import type { Scenario } from '@agent-jobs/scripted-model'
import type { ConformanceAgent } from './conformance-agent.ts'
import type { PaperclipPlace } from './paperclip-place.ts'
import { serverPlace, type ServerPlace } from './real-cluster.ts'
import { startToldModel } from './told-model.ts'

/** This machine's address as pods see it. */
const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

/** Makes a server's place on the cluster of KUBECONFIG, whose pods reach the model over this machine's bridge; `scenarios` are its own ones. */
export async function realPaperclipPlace(
  agent: ConformanceAgent,
  namespace: string,
  scenarios: Readonly<Record<string, Scenario>> = {},
): Promise<PaperclipPlace & Pick<ServerPlace, 'folderOf'>> {
  const model = await startToldModel({ host: '0.0.0.0', scenarios })
  const place = await serverPlace({
    namespace,
    env: agent.serverEnv,
    image: agent.image,
    signal: AbortSignal.timeout(100_000),
  })
  const { client, env, folder, folderOf } = place
  const clusters = createClusterPool({ env })
  const deps = systemDependencies({ env, clusters, serverPath: () => folder })
  return {
    client,
    namespace,
    model,
    folder,
    folderOf,
    mountPath: '/paperclip',
    deps,
    adapter: (overrides = {}) => agent.adapter({ ...deps, ...overrides }),
    config: (scenario, extra = {}) => ({
      ...agent.config(`http://${bridge}:${new URL(model.url).port}/s/${scenario}`, '/paperclip/bin/bash'),
      // With a tiny CPU request a pod starves on a busy machine: one start took 80 s instead of 3.
      'resources.requests.cpu': '200m',
      'resources.requests.memory': '64Mi',
      paperclipApiUrl: `http://${bridge}:9`,
      volumeFolders: ['/paperclip/bin'],
      ...extra,
    }),
    async close() {
      await clusters.close()
      await place.close()
      await model.close()
    },
  }
}
