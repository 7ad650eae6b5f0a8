import { createKubeClient, isAlreadyExists, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { startScriptedModel, type ScriptedModel } from '@agent-jobs/scripted-model'
import { KubeConfig } from '@kubernetes/client-node'

/** Where the main job is measured: a real cluster, and a scripted model that its pods can reach. */
export interface MainJobPlace extends AsyncDisposable {
  readonly kubeConfig: KubeConfig
  readonly client: KubeClient
  readonly namespace: string
  readonly image: string
  readonly claim: string
  readonly model: ScriptedModel
  /** Environment that points Claude Code to a scenario of the model. */
  env(scenario: string): Record<string, string>
}

/** Address of this machine as pods see it, and an image with node and Claude Code; both can be set from outside. */
export const podsReachUs = process.env['AGENT_JOBS_E2E_HOST'] ?? '10.88.0.1'
const agentImage = process.env['AGENT_JOBS_E2E_IMAGE'] ?? 'local/agent:1'

/** Makes the namespace with one claim, and starts the model. Closing leaves namespace and claim for the next run. */
export async function openMainJobPlace(namespace: string): Promise<MainJobPlace> {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromDefault()
  const client = createKubeClient({ kubeConfig, userAgent: 'agent-jobs-measure' })
  const claim = 'work'
  await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
  const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } }
  await unlessThere(client.create(kinds.PersistentVolumeClaim, { metadata: { name: claim, namespace }, spec }))
  const model = await startScriptedModel({ host: podsReachUs })
  return {
    kubeConfig,
    client,
    namespace,
    image: agentImage,
    claim,
    model,
    env: (scenario) => ({ ANTHROPIC_BASE_URL: model.scenarioUrl(scenario), ANTHROPIC_API_KEY: 'scripted' }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([model.close(), client.close()])
    },
  }
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}
