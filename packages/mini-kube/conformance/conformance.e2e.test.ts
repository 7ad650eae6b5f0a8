import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestClient } from '../test/test-client.ts'
import { clusterClient } from './cluster-client.ts'
import { observations } from './observations.ts'
import type { Stage } from './stage.ts'

const file = new URL('../src/__fixtures__/conformance.json', import.meta.url)
const kubeconfigPath = process.env['KUBECONFIG']
const recording = process.env['MINI_KUBE_RECORD'] === '1'
const expected = recording ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)
const namespace = 'mini-kube-conformance'
const recorded: Record<string, unknown> = {}

if (kubeconfigPath === undefined) console.log('conformance on a real cluster is skipped: KUBECONFIG names none')

describe.skipIf(kubeconfigPath === undefined)('a real cluster', () => {
  let client: TestClient
  let stage: Stage
  beforeAll(async () => {
    const kubeconfig = readFileSync(kubeconfigPath ?? '', 'utf8')
    client = await clusterClient(kubeconfig)
    stage = { client, as: (token) => clusterClient(kubeconfig, token), namespace, image: 'local/agent:1' }
    await removeNamespace(client)
    await client.send('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
    await client.until(`/api/v1/namespaces/${namespace}/serviceaccounts`, (one) => one.metadata.name === 'default')
  })
  afterAll(async () => {
    await removeNamespace(client)
    if (recording) {
      const sorted = Object.fromEntries(Object.entries(recorded).sort(([a], [b]) => (a < b ? -1 : 1)))
      writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`)
    }
  })

  it.concurrent.each([...observations])('$name', async ({ name, observe }) => {
    const seen = JSON.parse(JSON.stringify(await observe(stage))) as unknown
    if (recording) recorded[name] = seen
    expect(seen).toEqual(recording ? seen : expected[name])
  })
})

async function removeNamespace(client: TestClient): Promise<void> {
  const found = await client.get(`/api/v1/namespaces/${namespace}`)
  if (found.status === 404) return
  await client.send('DELETE', `/api/v1/namespaces/${namespace}`)
  const { resourceVersion } = found.body.metadata
  await client.until(
    `/api/v1/namespaces?fieldSelector=metadata.name=${namespace}&resourceVersion=${resourceVersion}`,
    (_, type) => type === 'DELETED',
  )
}
