import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKubeClient } from '@agent-jobs/kube-api'
import type { Scenario } from '@agent-jobs/scripted-model'
import { KubeConfig } from '@kubernetes/client-node'
import { folderBehind } from '../real-cluster.ts'
import { startToldModel } from '../told-model.ts'
import { workSource } from '../scenarios/lab-scenarios.ts'
import { openBoard } from './paperclip-board.ts'
import { serverFolder } from './paperclip-install.ts'
import type { PaperclipLab } from './paperclip-lab.ts'
import { adapterInPod, startPaperclipPod, type PodServer, type PodServerOptions } from './paperclip-pod.ts'

const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

/** A lab whose server is a pod, which can be replaced by another one. */
export interface PodLab extends PaperclipLab {
  replace: PodServer['replace']
}

/** A lab whose server is a pod of the cluster, with the adapter's shipped manifests and the rights they grant. */
export async function openPodLab({
  namespace,
  agentNamespace = namespace,
  serverEnv,
  scenarios,
  tarball,
  install,
}: {
  namespace: string
  /** Namespace of the Jobs. Default: that of the server. */
  agentNamespace?: string | undefined
  serverEnv: Record<string, string>
  scenarios: Readonly<Record<string, Scenario>>
  /** The packed adapter; it is installed. */
  tarball: string
  install?: PodServerOptions['install']
}): Promise<PodLab> {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromDefault()
  const client = createKubeClient({ kubeConfig })
  const programs = join(await serverFolder(namespace), 'rt')
  const model = await startToldModel({ host: '0.0.0.0', scenarios })
  // The server's pod would mistake this one for its database.
  const { DATABASE_URL: _other, ...env } = serverEnv
  const pod = await startPaperclipPod({
    client,
    namespace,
    programs,
    bridge,
    apiPort: Number(new URL(client.server).port || 443),
    env,
    signal: AbortSignal.timeout(150_000),
    install,
  })
  const { folder, door } = pod
  for (const name of ['work', 'gates']) {
    mkdirSync(join(folder, name))
    chmodSync(join(folder, name), 0o777)
  }
  writeFileSync(join(folder, 'bin', 'work.cjs'), workSource)
  const call = (method: string, path: string, body?: unknown) => pod.call(method, path, body)
  const board = await openBoard(call)
  await board.must('POST', '/api/adapters/install', {
    packageName: await adapterInPod(pod, tarball, 'packed'),
    isLocalPath: true,
  })
  return {
    place: {
      client,
      namespace: agentNamespace,
      folder,
      folderOf: (claim) => folderBehind(client, agentNamespace, claim),
      env,
      close: () => client.close(),
    },
    model,
    get server() {
      return { url: pod.url(), call: pod.call }
    },
    door,
    cookie: pod.cookie,
    board,
    found: () => openBoard(call),
    kubeconfig: null,
    scenarioUrl: (name) => `http://${bridge}:${new URL(model.url).port}/s/${name}`,
    settings: {
      'resources.requests.cpu': '50m',
      'resources.requests.memory': '64Mi',
      volumeFolders: ['/paperclip/bin', '/paperclip/work', '/paperclip/gates'],
    },
    restart: pod.restart,
    replace: pod.replace,
    openGate: (name) => writeFileSync(join(folder, 'gates', name), ''),
    async close() {
      await pod.close()
      await client.close()
      await model.close()
    },
  }
}
