import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createKubeClient, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { KubeConfig, type V1Pod } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const node = ['--conditions=@agent-jobs/source', '--disable-warning=ExperimentalWarning', main]
const namespace = 'default'

describe('agent-jobs faults, with the mini-kube that agent-jobs started', () => {
  let server: ChildProcessByStdio<null, Readable, null>
  let kubeconfig: string
  let client: KubeClient

  beforeAll(async () => {
    server = spawn(process.execPath, [...node, 'mini-kube', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
    kubeconfig = (JSON.parse(line) as { kubeconfig: string }).kubeconfig
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    client = createKubeClient({ kubeConfig: config })
  })
  afterAll(async () => {
    await client?.close()
    const ended = once(server, 'exit')
    server.kill('SIGINT')
    await ended
  })

  async function faults(...args: string[]): Promise<string> {
    const env = { ...process.env, KUBECONFIG: kubeconfig }
    const { stdout } = await promisify(execFile)(process.execPath, [...node, 'faults', ...args], { env })
    return stdout
  }

  /** A pod that stays until something happens to it. */
  const pod = (name: string): V1Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'any', command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] }],
    },
  })

  async function until(name: string, test: (pod: V1Pod) => boolean): Promise<V1Pod> {
    const watching = new AbortController()
    const selection = { namespace, fieldSelector: `metadata.name=${name}`, signal: watching.signal }
    try {
      for await (const event of client.listWatch(kinds.Pod, selection)) {
        if (event.type !== 'synced' && event.type !== 'deleted' && test(event.object)) return event.object
      }
    } finally {
      watching.abort()
    }
    throw new Error(`the watch of ${name} ended`)
  }

  it('refuses requests until the fault is removed, and counts them', async () => {
    const fault = { kind: 'error', status: 403, match: { path: '/secrets' } }
    const [id = ''] = (await faults('add', JSON.stringify(fault))).split('  ')
    await expect(client.list(kinds.Secret, { namespace })).rejects.toMatchObject({ status: 403 })
    expect(await faults('list')).toContain(`${id}  1 hit `)
    expect(await faults('remove', id)).toBe('')
    expect((await client.list(kinds.Secret, { namespace })).items).toEqual([])
  })

  it('OOM-kills a running container, and evicts a pod', async () => {
    const running = ({ status }: V1Pod) => status?.phase === 'Running'
    const over = ({ status }: V1Pod) => status?.phase === 'Failed'
    for (const name of ['greedy', 'unwanted']) await client.create(kinds.Pod, pod(name), { namespace })
    await Promise.all([until('greedy', running), until('unwanted', running)])
    await faults('add', JSON.stringify({ kind: 'oom', pod: 'greedy' }))
    const killed = await until('greedy', over)
    expect(killed.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    })
    await faults('add', JSON.stringify({ kind: 'evict', pod: 'unwanted', message: 'The node was low on resource' }))
    expect((await until('unwanted', over)).status).toMatchObject({
      reason: 'Evicted',
      message: 'The node was low on resource',
    })
  })

  it('says with exit code 1 what is wrong with a fault', async () => {
    await expect(faults('add', '{"kind":"sabotage"}')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('sabotage'),
    })
  })
})
