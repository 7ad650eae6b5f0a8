// Follows the log of one pod until its container has ended. Each line is printed once, also when the connection breaks.
import { parseArgs } from 'node:util'
import { createKubeClient, kinds, loadKubeConfig, type KubeClient } from '@agent-jobs/kube-api'
import { followLogs, kubeLogSource } from '@agent-jobs/log-stream'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { namespace: { type: 'string', short: 'n', default: 'default' } },
})
const [pod] = positionals
const { namespace } = values
if (pod === undefined) {
  console.error('usage: main.ts POD [-n NAMESPACE]')
  process.exit(2)
}

const client = createKubeClient({ kubeConfig: loadKubeConfig({ env: process.env }) })
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const source = kubeLogSource(client, { namespace, pod })
const containerEnded = podEnded(client, pod, namespace, stop.signal)
for await (const item of followLogs(source, { framing: 'none', containerEnded, signal: stop.signal })) {
  if (item.type === 'line') console.log(item.text)
  if (item.type === 'gap') console.error(`lost lines: ${item.reason}`)
  if (item.type === 'end') console.error(`end: ${item.verdict}`)
}
await client.close()

/** Resolves when the pod has ended or is gone: a log that ends proves neither. */
async function podEnded(kube: KubeClient, name: string, place: string, signal: AbortSignal): Promise<void> {
  const selection = { namespace: place, fieldSelector: `metadata.name=${name}`, signal }
  for await (const event of kube.listWatch(kinds.Pod, selection)) {
    if (event.type === 'deleted') return
    if (event.type !== 'synced' && /Succeeded|Failed/.test(event.object.status?.phase ?? '')) return
  }
}
