// A process of its own that starts one run and prints what happens, one JSON object a line. Made to be killed.
// usage: node start-run.ts KUBECONFIG NAMESPACE REQUEST_JSON
import { createKubeClient } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { createJobRunner, RunError, type RunRequest } from '../../src/index.ts'

const [path = '', namespace = '', text = ''] = process.argv.slice(2)
const kubeConfig = new KubeConfig()
kubeConfig.loadFromFile(path)
const client = createKubeClient({ kubeConfig })
const runner = createJobRunner({ client, namespace, handoverMs: 0 })
const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
try {
  const run = await runner.start(JSON.parse(text) as RunRequest)
  say({ started: run.job })
  for await (const event of run.events) say({ event })
  await run.settled
} catch (error) {
  if (!RunError.isInstance(error)) throw error
  say({ refused: error.code })
}
await client.close()
