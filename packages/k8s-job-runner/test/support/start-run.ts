// A separate process that starts a run and prints its events, one JSON object per line. Made to be killed.
// usage: node start-run.ts KUBECONFIG NAMESPACE REQUEST_JSON [TIMES]
import { createKubeClient } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { createJobRunner, RunError, type RunRequest } from '../../src/index.ts'

const [path = '', namespace = '', text = '', times = '1'] = process.argv.slice(2)
const kubeConfig = new KubeConfig()
kubeConfig.loadFromFile(path)
const client = createKubeClient({ kubeConfig })
const runner = createJobRunner({ client, namespace, handoverMs: 0 })
const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
async function one(request: RunRequest): Promise<void> {
  try {
    const run = await runner.start(request)
    say({ started: run.job })
    for await (const event of run.events) say({ event })
    await run.settled
  } catch (error) {
    if (!RunError.isInstance(error)) throw error
    say({ refused: error.code })
  }
}
const request = JSON.parse(text) as RunRequest
// Further runs have keys of their own.
await Promise.all(
  Array.from({ length: Number(times) }, (_, index) =>
    one(index === 0 ? request : { ...request, key: `${request.key}-${index}`, runId: `${request.runId}-${index}` }),
  ),
)
await client.close()
