import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { kinds } from '@agent-jobs/kube-api'
import type { Scenario } from '@agent-jobs/scripted-model'
import { serverPlace, type ServerPlace } from '../real-cluster.ts'
import { startToldModel, type ToldModel } from '../told-model.ts'
import { flatKubeconfig } from './flat-kubeconfig.ts'
import { workSource } from '../scenarios/lab-scenarios.ts'
import { openBoard, type Board } from './paperclip-board.ts'
import { startPaperclip, stopLeftServer, type PaperclipServer } from './paperclip-server.ts'
import { openPodDoor, type PodDoor } from './pod-door.ts'

/** This machine's address as pods see it. */
export const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

/** A real Paperclip with the cluster's data volume, a model for its agents, and a company. */
export interface PaperclipLab {
  place: ServerPlace
  model: ToldModel
  /** The current server process. */
  readonly server: Pick<PaperclipServer, 'url' | 'call'>
  door: PodDoor
  board: Board
  /** Creates another company. */
  found(): Promise<Board>
  /** Base URL of a scenario for agents in pods. */
  scenarioUrl(name: string): string
  /** The kubeconfig to paste into an agent's form, for a server outside the cluster; null inside it. */
  kubeconfig: string | null
  /** The operator's session cookie; null if the server trusts every local user. */
  cookie: string | null
  /** Settings that every agent here needs to reach the cluster and Paperclip. */
  settings: Record<string, unknown>
  /**
   * Stops the server with the given signal and starts it again after a while. Until then its address refuses connections, or
   * answers with a status, as behind an ingress.
   */
  restart(how: 'SIGTERM' | 'SIGKILL', between?: () => Promise<unknown>, ingress?: 502 | 503 | 504): Promise<void>
  /** Opens the gate that an agent waits for. */
  openGate(name: string): void
  close(): Promise<void>
}

/** The pause between stopping and restarting a server. */
export const away = (ms: number) => () => delay(ms)

/** Removes what an earlier suite left on the volume and the cluster. */
async function sweep({ client, namespace, folder }: ServerPlace): Promise<void> {
  const { items } = await client.list(kinds.Job, { namespace })
  for (const { metadata } of items) {
    await client.delete(kinds.Job, { name: metadata?.name ?? '', namespace, propagationPolicy: 'Background' })
  }
  for (const name of readdirSync(folder)) {
    if (name !== 'bin') rmSync(join(folder, name), { recursive: true, force: true })
  }
}

/** Starts everything in its own namespace; installs the server first if necessary. */
export async function openPaperclipLab({
  namespace,
  serverEnv,
  image,
  scenarios,
  policy,
}: {
  namespace: string
  /** Environment of the server's pod. */
  serverEnv: Record<string, string>
  /** Image of the server's pod and of the agents. */
  image?: string | undefined
  scenarios: Readonly<Record<string, Scenario>>
  /** The operator policy of the server. Default: {@link labRules}. */
  policy?: object
}): Promise<PaperclipLab> {
  const place = await serverPlace({ namespace, env: serverEnv, image, signal: AbortSignal.timeout(100_000) })
  const { folder } = place
  await stopLeftServer({ name: namespace, volume: folder })
  await sweep(place)
  for (const name of ['work', 'gates']) {
    mkdirSync(join(folder, name))
    chmodSync(join(folder, name), 0o777)
  }
  writeFileSync(join(folder, 'bin', 'work.cjs'), workSource)
  writeFileSync(join(folder, 'kubeconfig.json'), flatKubeconfig(), { mode: 0o644 })
  const model = await startToldModel({ host: '0.0.0.0', scenarios })
  const begin = () => startPaperclip({ name: namespace, volume: folder, namespace, policy })
  let server = await begin()
  const call = (method: string, path: string, body?: unknown) => server.call(method, path, body)
  const door = await openPodDoor(() => server.url, bridge)
  return {
    place,
    model,
    get server() {
      return server
    },
    door,
    board: await openBoard(call),
    found: () => openBoard(call),
    kubeconfig: flatKubeconfig(),
    cookie: null,
    scenarioUrl: (name) => `http://${bridge}:${new URL(model.url).port}/s/${name}`,
    settings: {
      kubeconfig: '/paperclip/kubeconfig.json',
      'resources.requests.cpu': '50m',
      'resources.requests.memory': '64Mi',
      paperclipApiUrl: door.url,
      volumeFolders: ['/paperclip/bin', '/paperclip/work', '/paperclip/gates'],
    },
    async restart(how, between = async () => undefined, ingress) {
      const stopping = server.stop(how)
      if (ingress === undefined) await door.shut()
      else door.answer(ingress)
      await stopping
      await between()
      server = await begin()
      door.answer(null)
      await door.open()
    },
    openGate: (name) => writeFileSync(join(folder, 'gates', name), ''),
    async close() {
      await server.stop('SIGTERM')
      await door.shut()
      await place.close()
      await model.close()
    },
  }
}
